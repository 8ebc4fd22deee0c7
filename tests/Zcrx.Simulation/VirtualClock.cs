namespace Zcrx.Simulation;

/// <summary>Represents time that advances only when the simulation decides so. One tick is 100 ns.</summary>
internal sealed class VirtualClock : TimeProvider
{
    private long _ticks = TimeSpan.TicksPerSecond;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Gets the virtual time since the beginning.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(_ticks - TimeSpan.TicksPerSecond);

    public override long GetTimestamp() => _ticks;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(_ticks);

    /// <summary>Advances the time.</summary>
    public void Advance(TimeSpan span) => _ticks += long.Max(span.Ticks, 0);
}
