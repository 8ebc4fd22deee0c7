namespace Zcrx.Rx.Queues;

/// <summary>
/// Computes how long to wait until the next attempt to register a NIC queue that is still busy. Reads no clock, because callers pass the
/// time.
/// </summary>
/// <param name="limit">The total time for all attempts.</param>
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
        // The last pause is shortened, so that the last attempt is made exactly at the limit.
        return _pause < limit - elapsed ? _pause : limit - elapsed;
    }
}
