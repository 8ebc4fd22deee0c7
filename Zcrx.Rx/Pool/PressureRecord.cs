namespace Zcrx.Rx.Pool;

/// <summary>Publishes to other threads the level of a pool's pressure and the total time above Normal.</summary>
/// <remarks>
/// The values are published as one object, so that a reader never combines parts of two changes. The ring thread writes, and any thread
/// reads.
/// </remarks>
internal sealed class PressureRecord
{
    private volatile State _state = new(PoolPressureLevel.Normal, 0, null);
    private long _highest;

    public PoolPressureLevel Level => _state.Level;

    /// <summary>Records a change of level.</summary>
    public void Change(PoolPressureLevel level, long now)
    {
        State before = _state;
        long ticks = before.Since is { } since ? before.Ticks + (now - since) : before.Ticks;
        _state = new State(level, ticks, level == PoolPressureLevel.Normal ? null : now);
    }

    /// <summary>
    /// Returns the time above Normal, in the clock's ticks. The result never decreases from one call to the next, on any thread.
    /// </summary>
    /// <param name="now">Reads the clock.</param>
    public long TicksUnderPressure(Func<long> now)
    {
        // The clock is read before the state. In the other order, a pressure that ends in between would count for too long.
        long time = now();
        State state = _state;
        long ticks = state.Ticks + (state.Since is { } since ? long.Max(0, time - since) : 0);
        long seen = Volatile.Read(ref _highest);
        while (ticks > seen)
        {
            long before = Interlocked.CompareExchange(ref _highest, ticks, seen);
            if (before == seen)
            {
                return ticks;
            }

            seen = before;
        }

        return seen;
    }

    /// <param name="Level">The level.</param>
    /// <param name="Ticks">Ticks above Normal before <paramref name="Since"/>.</param>
    /// <param name="Since">The time of the last change while the level is above Normal; otherwise null.</param>
    private sealed record State(PoolPressureLevel Level, long Ticks, long? Since);
}
