namespace Zcrx.Rx.Ring;

/// <summary>Enters the ring once a turn: without waiting if there is work left, otherwise with a spin or a sleep. Ring thread only.</summary>
internal sealed class RingWait(RingHeartbeat heartbeat, RingSpin spin)
{
    private TimeSpan? _timeout;

    /// <summary>Gets a value indicating whether the thread may sleep in this turn.</summary>
    public bool MayBlock { get; private set; }

    /// <summary>Begins the wait of a turn.</summary>
    /// <param name="mayBlock">Whether nothing is left to do in this turn.</param>
    /// <param name="timeout">The longest sleep; null for no limit.</param>
    public void Begin(bool mayBlock, TimeSpan? timeout)
    {
        MayBlock = mayBlock;
        _timeout = timeout;
    }

    /// <summary>Enters the ring once: to submit, to poll it, or to sleep there.</summary>
    /// <returns>False while the thread spins: the caller calls this method again.</returns>
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

    /// <summary>Records the number of completions that the turn handles next.</summary>
    public void End(uint ready)
    {
        if (ready > 0)
        {
            spin.RecordActivity();
        }
    }

    /// <summary>Ends a spin that the end of the thread interrupts.</summary>
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
            // The thread sleeps next, for the rest of its timeout.
            _timeout -= spin.Last;
        }

        return hasFound;
    }
}
