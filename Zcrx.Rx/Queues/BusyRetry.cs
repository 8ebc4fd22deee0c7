namespace Zcrx.Rx.Queues;

/// <summary>Decides how long to wait for a NIC queue that is still busy. Reads no clock: callers pass the time.</summary>
/// <param name="limit">The limit of all waits together.</param>
internal struct BusyRetry(TimeSpan limit)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(250);

    private TimeSpan _pause;

    /// <summary>Returns the pause before the next attempt.</summary>
    /// <param name="elapsed">The time since the first attempt.</param>
    /// <returns>The pause; null to give up.</returns>
    public TimeSpan? Next(TimeSpan elapsed)
    {
        if (elapsed >= limit)
        {
            return null;
        }

        TimeSpan longer = _pause == TimeSpan.Zero ? FirstPause : _pause * 2;
        _pause = longer < LongestPause ? longer : LongestPause;
        // The last attempt is made exactly at the limit.
        return _pause < limit - elapsed ? _pause : limit - elapsed;
    }
}
