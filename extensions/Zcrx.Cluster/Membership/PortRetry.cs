namespace Zcrx.Cluster.Membership;

/// <summary>Determines when a failed command for a port is sent again.</summary>
/// <remarks>
/// If a bind is not completed in time, a thread may stay blocked, for example because <c>ConfigureSocket</c> never returns. To limit such
/// threads, the interval grows with each such bind. After other failures it stays short, because a port in use may become free at any time.
/// </remarks>
internal sealed class PortRetry
{
    private int _overdue;

    /// <summary>Gets the interval after a failure that is not a timeout. It is also the first interval after a timeout.</summary>
    public static TimeSpan Shortest { get; } = TimeSpan.FromSeconds(1);

    /// <summary>Gets the longest interval after repeated timeouts.</summary>
    public static TimeSpan Longest { get; } = TimeSpan.FromMinutes(10);

    /// <summary>Returns the interval after which a failed command is sent again.</summary>
    /// <param name="isOverdue">Whether the command was not completed in time.</param>
    public TimeSpan Next(bool isOverdue)
    {
        if (!isOverdue)
        {
            return Shortest;
        }

        // The shift is limited, so that it cannot overflow.
        TimeSpan interval = TimeSpan.FromTicks(long.Min(Longest.Ticks, Shortest.Ticks << int.Min(_overdue, 16)));
        _overdue++;
        return interval;
    }

    /// <summary>Records that a command was completed, so that the next interval is short.</summary>
    public void Reset() => _overdue = 0;
}
