using Zcrx.Rx.Receiving;

namespace Zcrx.Rx.Stopping;

/// <summary>
/// Decides the steps in which a queue ends. It first delivers what has arrived, then waits for consumers, then stops. Reads no clock:
/// callers pass the time.
/// </summary>
/// <param name="cancelTicks">The longest time for cancelled requests to end, in the clock's ticks.</param>
/// <param name="pollTicks">
/// The interval of checks while draining, in ticks. No completion reports that a socket is empty or that a lease was released.
/// </param>
internal sealed class StopMachine(long cancelTicks, long pollTicks) : IQueuePhase
{
    private bool _isDraining;
    private bool _hasEndedStreams;
    private long _deadline;
    private long _receiveUntil;

    public bool IsEnding => _isDraining || IsStopping || IsSalvaging;

    public bool IsStopping { get; private set; }

    public bool Suspends { get; private set; }

    /// <summary>Gets a value indicating whether the queue drains, and then closes its connections.</summary>
    public bool IsClosing => _isDraining && !Suspends;

    /// <summary>Gets a value indicating whether the queue has ended its streams and now waits for their consumers.</summary>
    public bool HasEndedStreams => _isDraining && _hasEndedStreams;

    public bool IsSalvaging { get; private set; }

    /// <summary>Begins to stop and to close the connections.</summary>
    /// <param name="now">The current time.</param>
    /// <param name="deadline">The latest end of draining. If an earlier call has set an earlier deadline, that one applies.</param>
    /// <returns>Whether the caller is to remove the listeners; false if the queue was ending before.</returns>
    /// <remarks>
    /// Receiving ends after half of the time, even if peers continue to send. The other half is for consumers and their replies.
    /// </remarks>
    public bool BeginStop(long now, long deadline)
    {
        long receiveUntil = now + ((deadline - now) / 2);
        _receiveUntil = _isDraining ? long.Min(_receiveUntil, receiveUntil) : receiveUntil;
        if (_isDraining)
        {
            _deadline = long.Min(_deadline, deadline);
        }

        return TryDrain(deadline);
    }

    /// <summary>Begins to stop and to suspend the connections. Does nothing when the queue is ending already.</summary>
    /// <param name="deadline">The latest end of draining.</param>
    /// <returns>Whether the caller is to remove the listeners; false if the queue was ending before.</returns>
    public bool BeginSuspension(long deadline)
    {
        Suspends |= !IsEnding;
        return TryDrain(deadline);
    }

    /// <summary>Records a failure of the ring thread.</summary>
    /// <param name="canSuspend">Whether connections can be suspended. A queue that was already stopping closes them.</param>
    public void BeginSalvage(bool canSuspend)
    {
        Suspends |= canSuspend && !IsEnding;
        IsSalvaging = true;
    }

    /// <summary>Decides the next step from the current state of the queue.</summary>
    /// <returns>The step. After <see cref="StopStep.Cancel"/>, call this method again.</returns>
    public StopStep Decide(long now, IStopFacts facts)
    {
        if (_isDraining && !Suspends && !_hasEndedStreams && now < _deadline && (now >= _receiveUntil || facts.IsDelivered))
        {
            _hasEndedStreams = true;
            if (!facts.IsDrained)
            {
                return StopStep.EndStreams;
            }
        }

        if (_isDraining && (now >= _deadline || (Suspends ? !facts.HasUnreceived : _hasEndedStreams && facts.IsDrained)))
        {
            _isDraining = false;
            IsStopping = true;
            _deadline = now + cancelTicks;
            return StopStep.Cancel;
        }

        if (!IsStopping)
        {
            return StopStep.None;
        }

        if (facts.HasLingering)
        {
            // The deadline does not end this wait, because each of these sockets has its own time limit.
            return StopStep.None;
        }

        bool isDone = !facts.HasListeners && (!facts.HasConnections || (Suspends && !facts.HasRequests));
        // A cancelled request might never end. After the deadline the ring is closed, which ends it.
        return isDone || now >= _deadline ? StopStep.End : StopStep.None;
    }

    /// <summary>Determines whether bytes that have arrived may still delay the end of their stream.</summary>
    public bool MayReceive(long now) => now < _receiveUntil;

    /// <summary>Gets the time of the next decision; <see cref="long.MaxValue"/> for never.</summary>
    public long Due(long now) => _isDraining ? long.Min(_deadline, now + pollTicks) : !IsStopping ? long.MaxValue : now < _deadline ? _deadline : now + pollTicks;

    private bool TryDrain(long deadline)
    {
        if (IsEnding)
        {
            return false;
        }

        _isDraining = true;
        _deadline = deadline;
        return true;
    }
}
