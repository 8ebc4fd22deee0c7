namespace Zcrx.Rx.Ring;

/// <summary>Reads the clock of a queue for its components.</summary>
internal sealed class RingClock(TimeProvider time)
{
    /// <summary>
    /// Gets the time at which the current turn began. It is read once per turn and used for all deadlines. Ring thread only.
    /// </summary>
    public long TurnStart { get; private set; }

    /// <summary>Gets the current time, in ticks of the clock.</summary>
    public long Now => time.GetTimestamp();

    /// <summary>Gets the current date and time, for events.</summary>
    public DateTimeOffset UtcNow => time.GetUtcNow();

    public void BeginTurn() => TurnStart = Now;

    /// <summary>Converts a time span to ticks of the clock. The result is limited, so that adding it to a time cannot overflow.</summary>
    public long ToTicks(TimeSpan span) => (long)double.Clamp(span.TotalSeconds * time.TimestampFrequency, 0, long.MaxValue / 4);

    /// <summary>
    /// Returns the time from the beginning of the turn to a deadline, but at most a day, because the kernel may refuse longer timeouts.
    /// </summary>
    public TimeSpan UntilFromTurnStart(long due) => TimeSpan.FromSeconds(double.Clamp((double)(due - TurnStart) / time.TimestampFrequency, 0, 86_400));

    /// <summary>Converts ticks of the clock to a time span.</summary>
    public TimeSpan ToSpan(long ticks) => TimeSpan.FromSeconds((double)ticks / time.TimestampFrequency);

    public TimeSpan Elapsed(long from, long to) => time.GetElapsedTime(from, to);
}
