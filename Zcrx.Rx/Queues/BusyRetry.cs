namespace Zcrx.Rx.Queues;

/// <summary>Decides how long to wait for a NIC queue that is still busy. Pure: the time comes in as a number.</summary>
/// <param name="limit">How long in all.</param>
internal struct BusyRetry(TimeSpan limit)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(250);

    private TimeSpan _pause;

    /// <summary>The queue is busy.</summary>
    /// <param name="elapsed">Time since the first attempt.</param>
    /// <returns>When to try again; null to give up.</returns>
    public TimeSpan? Next(TimeSpan elapsed)
    {
        if (elapsed >= limit)
        {
            return null;
        }

        TimeSpan longer = _pause == TimeSpan.Zero ? FirstPause : _pause * 2;
        _pause = longer < LongestPause ? longer : LongestPause;
        // The last attempt comes when the time is up, not before.
        return _pause < limit - elapsed ? _pause : limit - elapsed;
    }
}
