using Zcrx.Rx.Listening;
using Zcrx.Rx.Moving;
using Zcrx.Rx.Pool;
using Zcrx.Rx.Receiving;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Stopping;

/// <summary>
/// Executes the end of a queue. Delivers what has arrived, also after a failure, then closes or suspends the connections. Ring thread only.
/// </summary>
internal sealed class StopExecution(
    StopMachine machine,
    IRingEnd requests,
    ICompletionHandler completions,
    SlotTable<ConnectionReceiver> connections,
    ReceiveScheduler scheduler,
    IListeners listeners,
    ConnectionMover mover,
    BufferPool pool,
    PoolSharing sharing,
    LingeringClose sockets,
    ReceiveTurn turn,
    QueueContext context,
    ConnectionHost host) : IStopFacts
{
    private const string Closed = "the queue was closed";
    private const string Unfinished = "the queue was closed, and work on the connection had not ended";

    private static readonly TimeSpan CancelTimeout = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan RestTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DrainPoll = TimeSpan.FromMilliseconds(10);

    private bool CanSuspend => host.Suspended is not null;

    bool IStopFacts.HasUnreceived => HasUnreceived;

    bool IStopFacts.IsDelivered => !HasUnreceived && !Array.Exists(connections.Snapshot(), static connection => connection.Has(ReceiveObstacles.Pool | ReceiveObstacles.Stranded) || IsWaiting(connection));

    // The ledger also counts the leases of connections that are already closed.
    bool IStopFacts.IsDrained => pool.Ledger.Leased == 0 && !host.AwaitsLateWork() && !Array.Exists(connections.Snapshot(), static connection => connection.Control.Work.IsAny || connection.Control.IsHeld);

    bool IStopFacts.HasListeners => listeners.Count > 0;

    bool IStopFacts.HasConnections => connections.Count > 0;

    bool IStopFacts.HasLingering => sockets.IsAny;

    bool IStopFacts.HasRequests => HasRequests;

    private bool HasUnreceived => Array.Exists(connections.Snapshot(), static connection => connection.WantsReceive && connection.Socket.HasSomething);

    private bool HasRequests => Array.Exists(connections.Snapshot(), static connection => connection.HasRequest);

    /// <summary>Creates the machine that decides the steps, with the time limits of this class.</summary>
    public static StopMachine CreateMachine(RingClock clock) => new(clock.ToTicks(CancelTimeout), clock.ToTicks(DrainPoll));

    /// <summary>Stops accepting, delivers the bytes that have arrived, then closes the connections.</summary>
    public void BeginStop(TimeSpan drain)
    {
        long now = context.Clock.Now;
        long deadline = now + context.Clock.ToTicks(drain);
        sockets.Begin(deadline);
        if (machine.BeginStop(now, deadline))
        {
            listeners.RemoveAll();
        }
    }

    /// <summary>Stops accepting, delivers the bytes that the kernel has taken from the sockets, then suspends the connections.</summary>
    public void BeginSuspension(TimeSpan drain)
    {
        // On a NIC, bytes in a socket lie in this queue's memory and would be lost with it, so they are received first. Without a NIC, the
        // next queue receives them.
        if (machine.BeginSuspension(context.Clock.Now + (context.IsOnNic ? context.Clock.ToTicks(drain) : 0)))
        {
            listeners.RemoveAll();
        }
    }

    /// <summary>Executes the step that is due, if any. Called in each turn. Returns true when the ring thread may end.</summary>
    public bool Advance()
    {
        sockets.Look();
        StopStep step = machine.Decide(machine.IsEnding ? context.Clock.Now : context.Clock.TurnStart, this);
        if (machine.IsClosing)
        {
            // Includes connections that have arrived from other queues since the last turn.
            Array.ForEach(connections.Snapshot(), static connection => connection.BeginStop(Closed));
        }

        if (step == StopStep.EndStreams)
        {
            EndStreams(static _ => true);
        }
        else if (step == StopStep.Cancel)
        {
            foreach (ConnectionReceiver connection in connections.Snapshot())
            {
                if (machine.Suspends)
                {
                    connection.Set(ReceiveObstacles.Leaving);
                }
                else
                {
                    Close(connection);
                }

                scheduler.Reconcile(connection);
            }

            step = machine.Decide(context.Clock.Now, this);
        }

        else if (machine.IsClosing)
        {
            FinishOthers();
        }

        return step == StopStep.End;
    }

    /// <summary>
    /// Closes the ring, then ends or suspends the connections, and ends the listeners. The kernel may write to the memory until the ring is
    /// closed.
    /// </summary>
    /// <param name="crash">The failure of the ring thread; null for an orderly end.</param>
    /// <param name="closeRing">Closes the ring.</param>
    public void TearDown(Exception? crash, Action closeRing)
    {
        bool isReadToItsEnd = (crash is null || Salvage(crash)) && !turn.IsAbandoned;
        if (!isReadToItsEnd)
        {
            sharing.RequestReclaim();
        }

        requests.MarkDead();
        CloseRing(isReadToItsEnd, closeRing);
        sockets.CloseAll();
        foreach (ConnectionReceiver connection in connections.Snapshot())
        {
            bool mayWait = machine.Suspends && CanSuspend && !connection.Control.CloseRequested;
            Outcome outcome = OutcomeRule.Decide(connection.State, isReadToItsEnd, connection.WasInterrupted, mayWait);
            if (outcome == Outcome.Resume)
            {
                mover.Suspend(connection);
                continue;
            }

            connection.End();
            connection.Disarm();
            connection.Control.RequestClose(abort: crash is not null || outcome == Outcome.Fail, WhyEnded(crash, outcome));
            scheduler.Close(connection, WhyEnded(crash, outcome), crash);
        }

        listeners.FinishAll(() => crash is null ? null : new QueueFailedException(context.Options.Name, crash));
    }

    /// <summary>
    /// Closes the ring of an abandoned thread that has left its callback after all. Another thread ends its connections.
    /// </summary>
    /// <param name="closeRing">Closes the ring.</param>
    public void EndAbandoned(Action closeRing)
    {
        CloseRing(isReadToItsEnd: false, closeRing);
        sockets.CloseAll();
    }

    /// <summary>
    /// Determines whether bytes wait for a connection that a consumer has paused. A pause by the application does not count, so a stop does
    /// not wait for it.
    /// </summary>
    private static bool IsWaiting(ConnectionReceiver connection) =>
        connection.Control.IsPausedByConsumer && !connection.Control.CloseRequested && (connection.HasWaiting || (!connection.HasEnded && connection.Socket.HasSomething));

    /// <summary>
    /// Closes a connection when draining is over. Resets it if its consumers still work, or have not received all bytes.
    /// </summary>
    private void Close(ConnectionReceiver connection)
    {
        // An unfinished connection is reset, because an orderly end would tell the peer that everything was handled.
        bool isUnfinished = connection.Control.Sender.HasRest || (!connection.Control.CloseRequested && (connection.HasUnfinishedWork || connection.HasWaiting));
        if (isUnfinished)
        {
            context.Counters.ConnectionsUnfinished++;
        }

        connection.Control.RequestClose(abort: isUnfinished, isUnfinished ? Unfinished : Closed);
    }

    /// <summary>
    /// Closes the connections whose consumers have finished, while the consumers of other connections are still at work. Called in each
    /// turn, because no event reports the release of a lease.
    /// </summary>
    private void FinishOthers()
    {
        if (machine.HasEndedStreams)
        {
            // The socket of a stream that has continued until now may contain unreceived bytes.
            long now = context.Clock.Now;
            EndStreams(connection => !machine.MayReceive(now) || !connection.WantsReceive || !connection.Socket.HasSomething);
        }

        foreach (ConnectionReceiver connection in connections.Snapshot())
        {
            if (connection.HasEnded && !connection.HasUnfinishedWork)
            {
                scheduler.Reconcile(connection);
            }
        }
    }

    private void CloseRing(bool isReadToItsEnd, Action closeRing)
    {
        // The ring is closed under the lock, because a thread that abandons this one reads the ring under the same lock.
        lock (turn.Gate)
        {
            if (!isReadToItsEnd && !turn.IsCorrupt)
            {
                listeners.CloseUnseenSockets(turn.Handled);
            }

            closeRing();
        }
    }

    /// <summary>
    /// Ends receiving on connections after their arrived bytes were delivered. The sockets stay open, so that consumers can still send
    /// replies. Skips streams that such replies may need.
    /// </summary>
    /// <param name="isDue">Determines whether the stream of a connection may end now.</param>
    private void EndStreams(Func<ConnectionReceiver, bool> isDue)
    {
        ConnectionReceiver[] all = connections.Snapshot();
        // A consumer of an accepted connection may wait for the answer of a server. It needs the answer to reply to its own peer.
        bool needsServers = Array.Exists(all, static connection => !connection.IsOutgoing && connection.HasUnfinishedWork);
        foreach (ConnectionReceiver connection in all)
        {
            bool isNeeded = connection.Control.Work.IsRelaying || (needsServers && connection.IsOutgoing);
            if (!connection.HasEnded && !isNeeded && isDue(connection))
            {
                connection.StopReceiving(Closed);
                scheduler.Reconcile(connection);
            }
        }
    }

    /// <summary>
    /// Delivers, after a failure, the bytes that the kernel had taken from the sockets. Then cancels the receives if the ring still works.
    /// </summary>
    /// <returns>Whether every completion was handled, so that each stream's position is certain.</returns>
    private bool Salvage(Exception crash)
    {
        machine.BeginSalvage(CanSuspend);
        if (turn.IsCorrupt || requests.HasDroppedCompletions)
        {
            return false;
        }

        try
        {
            EndInterrupted(crash);
            completions.HandleAll();
            if (context.IsOnNic)
            {
                ReceiveTheRest();
                EndInterrupted(crash);
            }

            if (!requests.IsDead)
            {
                listeners.RemoveAll();
                foreach (ConnectionReceiver connection in connections.Snapshot())
                {
                    connection.Set(ReceiveObstacles.Leaving);
                    scheduler.Reconcile(connection);
                }
            }

            return AwaitCancelled();
        }
#pragma warning disable CA1031 // Salvaging has failed, too. The positions stay uncertain, and the first failure is reported.
        catch (Exception)
#pragma warning restore CA1031
        {
            return false;
        }
    }

    private bool AwaitCancelled()
    {
        long deadline = context.Clock.Now + context.Clock.ToTicks(CancelTimeout);
        while (!requests.IsDead && (HasRequests || listeners.Count > 0) && deadline - context.Clock.Now is var left and > 0)
        {
            Await(context.Clock.ToSpan(left));
            if (requests.HasDroppedCompletions)
            {
                return false;
            }

            completions.HandleAll();
        }

        return !requests.HasDroppedCompletions;
    }

    /// <summary>Waits for completions. The wait is recorded as sleep, so that the thread does not look stuck.</summary>
    private void Await(TimeSpan timeout)
    {
        context.Heartbeat.Sleep();
        try
        {
            requests.TryEnter(timeout);
        }
        finally
        {
            context.Heartbeat.Wake();
        }
    }

    /// <summary>
    /// Ends each stream whose buffer was being delivered when the ring thread failed. No further bytes are delivered, because there may be
    /// a gap before them.
    /// </summary>
    private void EndInterrupted(Exception crash)
    {
        foreach (ConnectionReceiver connection in connections.Snapshot())
        {
            if (connection.WasInterrupted)
            {
                connection.EndStream(new ZcrxStreamException($"Receiving on {connection}", 0, connection.BytesReceived, WhyEnded(crash, Outcome.Fail), "", crash));
            }
        }
    }

    /// <summary>
    /// Receives the bytes that wait in sockets. Called on a NIC, where these bytes lie in this queue's memory and no other queue can
    /// receive them.
    /// </summary>
    private void ReceiveTheRest()
    {
        long deadline = context.Clock.Now + context.Clock.ToTicks(RestTimeout);
        try
        {
            while (!requests.IsDead && !requests.HasDroppedCompletions && HasUnreceived && context.Clock.Now < deadline)
            {
                sharing.TakeReturned();
                scheduler.WatchPool();
                scheduler.ArmReceives();
                Await(DrainPoll);
                completions.HandleAll();
            }
        }
#pragma warning disable CA1031 // The ring may fail again. A stream whose next bytes were not received fails when it is resumed.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }

    private string WhyEnded(Exception? crash, Outcome outcome) => (crash, outcome) switch
    {
        (null, _) => Closed,
        (_, Outcome.Fail) => $"the queue {context.Options.Name} failed, and bytes may be missing after this position",
        _ => $"the queue {context.Options.Name} failed, and no other resumes its connections",
    };
}
