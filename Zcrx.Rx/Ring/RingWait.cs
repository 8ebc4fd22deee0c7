namespace Zcrx.Rx.Ring;

/// <summary>
/// Enters the ring once per turn. If work is left, does not wait. Otherwise the thread spins or sleeps. Ring thread only.
/// </summary>
internal sealed class RingWait(RingHeartbeat heartbeat, RingSpin spin)
{
    private TimeSpan? _timeout;

    /// <summary>Gets a value indicating whether the thread may sleep in this turn, because nothing is left to do.</summary>
    public bool MayBlock { get; private set; }

    /// <summary>Begins the wait of a turn.</summary>
    /// <param name="mayBlock">Whether nothing is left to do in this turn.</param>
    /// <param name="timeout">The longest time for which the thread may sleep; null for no limit.</param>
    public void Begin(bool mayBlock, TimeSpan? timeout)
    {
        MayBlock = mayBlock;
        _timeout = timeout;
    }

    /// <summary>Enters the ring once, to submit requests, and to poll or to sleep if nothing is left to do.</summary>
    /// <returns>False while the thread spins. The caller must then call this method again.</returns>
    public bool TryEnter(RingRequests requests)
    {
        if (!MayBlock)
        {
            requests.Enter(0, null);
            return true;
        }

        if (!spin.IsSpinning)
        {
            heartbeat.Sleep();
            spin.Begin(_timeout);
        }

        if (!spin.IsSpinning)
        {
            requests.Enter(1, _timeout);
        }
        else if (!TryPoll(requests))
        {
            return false;
        }

        heartbeat.Wake();
        return true;
    }

    /// <summary>Ends the wait of a turn.</summary>
    /// <param name="ready">The number of completions that the turn handles next.</param>
    public void End(uint ready) => spin.RecordActivity(ready);

    /// <summary>Ends the current spin, if any, because the thread ends.</summary>
    public void Stop() => spin.Stop();

    private bool TryPoll(RingRequests requests)
    {
        TimeSpan wait = spin.NextPoll;
        bool waits = wait > TimeSpan.Zero;
        requests.Enter(waits ? 1u : 0u, waits ? wait : null);
        bool hasFound = requests.Completions.Ready > 0;
        spin.RecordPoll(hasFound);
        if (!hasFound && !spin.IsSpinning)
        {
            // The thread sleeps next. The time of the spin counts towards its timeout.
            _timeout -= spin.Last;
        }

        return hasFound;
    }
}
