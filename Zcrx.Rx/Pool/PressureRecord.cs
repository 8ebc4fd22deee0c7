namespace Zcrx.Rx.Pool;

/// <summary>Records the pressure of a pool for other threads: the level, and how long it has been above Normal.</summary>
/// <remarks>
/// Level, sum and beginning are published as one object, so that a reader never combines parts of two changes. The ring
/// thread writes, any thread reads.
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
        // The clock is read first. If it were read after the state, the pressure of that state might already have ended by then.
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
