namespace Zcrx.Rx.Ring;

/// <summary>Reads the queue's clock for the components on a ring thread.</summary>
internal sealed class RingClock(TimeProvider time)
{
    /// <summary>
    /// Gets the time at which the current turn began. One read per turn is enough for everything that has a deadline. Ring thread only.
    /// </summary>
    public long TurnStart { get; private set; }

    /// <summary>Gets the time, in ticks.</summary>
    public long Now => time.GetTimestamp();

    /// <summary>Gets the time of day, for events.</summary>
    public DateTimeOffset UtcNow => time.GetUtcNow();

    public void BeginTurn() => TurnStart = Now;

    /// <summary>Converts a span to ticks that stay far from overflow when they are added to a time.</summary>
    public long ToTicks(TimeSpan span) => (long)double.Clamp(span.TotalSeconds * time.TimestampFrequency, 0, long.MaxValue / 4);

    /// <summary>
    /// Returns the time from the beginning of the turn to a deadline. The result is at most a day, because the
    /// kernel may refuse longer timeouts.
    /// </summary>
    public TimeSpan UntilFromTurnStart(long due) => TimeSpan.FromSeconds(double.Clamp((double)(due - TurnStart) / time.TimestampFrequency, 0, 86_400));

    /// <summary>Converts ticks to a span.</summary>
    public TimeSpan ToSpan(long ticks) => TimeSpan.FromSeconds((double)ticks / time.TimestampFrequency);

    public TimeSpan Elapsed(long from, long to) => time.GetElapsedTime(from, to);
}
