namespace Zcrx.Cluster.Membership;

/// <summary>Determines when a failed command for a port is sent again.</summary>
/// <remarks>
/// A bind that is not completed in time may have left a blocked thread behind, for example if <c>ConfigureSocket</c> never returns. The
/// interval therefore grows with each such bind. It stays short after other failures, because a port in use may become free at any time.
/// </remarks>
internal sealed class PortRetry
{
    private int _overdue;

    /// <summary>Gets the shortest interval.</summary>
    public static TimeSpan Shortest { get; } = TimeSpan.FromSeconds(1);

    /// <summary>Gets the longest interval.</summary>
    public static TimeSpan Longest { get; } = TimeSpan.FromMinutes(10);

    /// <summary>Returns the interval after a failure.</summary>
    /// <param name="isOverdue">Whether the command was not completed in time.</param>
    public TimeSpan Next(bool isOverdue)
    {
        if (!isOverdue)
        {
            return Shortest;
        }

        // The shift stays far below an overflow.
        TimeSpan interval = TimeSpan.FromTicks(long.Min(Longest.Ticks, Shortest.Ticks << int.Min(_overdue, 16)));
        _overdue++;
        return interval;
    }

    /// <summary>Records that a command was completed.</summary>
    public void Reset() => _overdue = 0;
}
