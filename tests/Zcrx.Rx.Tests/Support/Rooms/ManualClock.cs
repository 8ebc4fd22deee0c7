namespace Zcrx.Rx.Tests.Support.Rooms;

/// <summary>Represents a clock that stands still until a test advances it. One tick is 100 ns.</summary>
internal sealed class ManualClock : TimeProvider
{
    private long _ticks = 1_000;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _ticks;

    public void Advance(TimeSpan span) => _ticks += span.Ticks;
}
