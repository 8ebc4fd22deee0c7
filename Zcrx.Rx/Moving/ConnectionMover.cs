using Zcrx.Interop.Leases;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Receiving;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Moving;

/// <summary>Moves connections from and to one queue. Ring thread only.</summary>
/// <remarks>
/// A leaving connection is passed on after its receive was cancelled and everything up to the terminal completion was delivered.
/// </remarks>
internal sealed class ConnectionMover(
    ConnectionHost host,
    ConnectionTable connections,
    ReceiveScheduler scheduler,
    HangUpWatch hangUps,
    BufferLedger ledger,
    IQueuePhase phase,
    QueueContext context)
{
    private readonly List<(ConnectionReceiver Connection, ConnectionMove Move)> _leaving = [];

    /// <summary>Handles a connection that has changed. The connection may already have left this queue.</summary>
    public void OnChanged(ConnectionReceiver connection)
    {
        if (scheduler.IsHere(connection))
        {
            scheduler.Reconcile(connection);
        }
        else if (connection.Control.Host != host)
        {
            connection.Control.Host.Synchronize(connection);
        }
    }

    /// <summary>Ends a stranded connection for which no queue was found.</summary>
    public void FailStranded(ConnectionReceiver connection) => scheduler.FailStranded(connection);

    /// <summary>Begins to wait for room in the socket, because a sender found none.</summary>
    public void AwaitRoom(ConnectionReceiver connection)
    {
        if (scheduler.IsHere(connection))
        {
            hangUps.AwaitRoom(connection);
            return;
        }

        if (connection.Control.Sender.IsClosed)
        {
            connection.Control.Sender.OnWritable(0);
            return;
        }

        // The connection is moving to another queue. That queue waits for room once the connection has arrived.
        connection.Control.AwaitsRoomOnArrival = true;
        // Pairs with the fence in Arrive: either the new queue sees AwaitsRoomOnArrival, or this thread sees the new queue.
        Interlocked.MemoryBarrier();
        if (connection.Control.Host != host)
        {
            connection.Control.Host.AwaitRoom(connection);
        }
    }

    /// <summary>Begins a move.</summary>
    public void Begin(ConnectionReceiver connection, ConnectionMove move)
    {
        if (!scheduler.IsHere(connection))
        {
            if (connection.Control.Host != host && !connection.Control.Closed.IsCompleted)
            {
                // The connection moved to another queue between the call and this turn.
                ConnectionHost.Continue(connection, move);
            }
            else
            {
                host.MoveWithoutQueue(connection, move);
            }
        }
        else if (move.IsRescue && !connection.Has(ReceiveObstacles.Stranded))
        {
            // Another caller has already moved the connection, and the connection receives again.
            move.GiveUp();
        }
        else if (move.Target == host)
        {
            move.Succeed();
        }
        else
        {
            connection.BeginMove(move);
            _leaving.Add((connection, move));
            scheduler.Reconcile(connection);
        }
    }

    /// <summary>
    /// Completes the moves of connections whose requests have ended. Called after receives were issued, so no request is still queued.
    /// </summary>
    public void CompleteMoves()
    {
        for (int i = _leaving.Count - 1; i >= 0; i--)
        {
            (ConnectionReceiver connection, ConnectionMove move) = _leaving[i];
            if (connection.Move != move || connection.HasEnded || connection.Control.CloseRequested)
            {
                // The connection ends on this queue, or another move has replaced this one.
                _leaving.RemoveAt(i);
                move.GiveUp();
                if (connection.Move == move)
                {
                    connection.EndMove();
                }
            }
            else if (move.Target is null && connection.Control.Sender.HasRest)
            {
                // The next owner of a detached socket continues its stream, so the rest of a send must be sent before.
                move.WaitsSince ??= context.Clock.TurnStart;
                if (context.Clock.TurnStart - move.WaitsSince >= context.Clock.ToTicks(context.Options.Value.PeerCloseTimeout))
                {
                    // The peer does not read, so the detachment is given up, and the connection resumes.
                    _leaving.RemoveAt(i);
                    move.GiveUp();
                    connection.EndMove();
                    scheduler.Reconcile(connection);
                }
            }
            else if (connection.State == ReceiveState.Idle)
            {
                _leaving.RemoveAt(i);
                Leave(connection, move);
            }
        }
    }

    /// <summary>
    /// Adds a connection that arrives from another queue, from the suspended connections, or back from a queue that was closed.
    /// </summary>
    public void Arrive(ConnectionReceiver connection, ConnectionMove move)
    {
        if ((phase.IsStopping || (phase.IsEnding && !move.IsRescue)) && move.Source != host)
        {
            move.Source.TakeBack(connection, move);
            return;
        }

        connections.Add(connection);
        // Pairs with TakeChange in ConnectionHost: either this thread sees changes made during the move, or the
        // changing thread sees the new host.
        Interlocked.MemoryBarrier();
        try
        {
            // Undelivered bytes still lie in the memory of the queue that the connection has left.
            connection.Undelivered.CopyTo(ledger, connection.Holder);
            if (move.Suspended is { } suspended)
            {
                // A sender may have begun to wait for room during the move.
                move.AwaitsRoom = move.Source.Suspended!.Leave(suspended);
            }

            if (phase.IsStopping && !phase.Suspends)
            {
                connection.Control.RequestClose(abort: false, "the queue was closed");
            }

            if (move.AwaitsRoom || connection.Control.AwaitsRoomOnArrival)
            {
                connection.Control.AwaitsRoomOnArrival = false;
                AwaitRoom(connection);
            }

        }
        finally
        {
            if (move.Target == host)
            {
                context.Counters.ConnectionsMovedIn++;
                move.Watcher?.OnArrived();
                move.Succeed();
            }
        }

        // This is the last step, because it calls observers. An observer that blocks must not delay the callers that wait for the move.
        scheduler.Reconcile(connection);
    }

    /// <summary>Suspends a connection after the queue has ended. The ring is closed.</summary>
    public void Suspend(ConnectionReceiver connection)
    {
        (_, ConnectionMove? move) = _leaving.Find(leaving => leaving.Connection == connection && leaving.Move == connection.Move);
        bool awaitsRoom = TakeOut(connection);
        connection.Disarm();
        connection.Clear(ReceiveObstacles.Leaving);
        connection.Clear(ReceiveObstacles.Stranded);
        connection.EndMove();
        host.Suspended!.Add(connection, host, awaitsRoom);
        if (move is not null)
        {
            // The move began before the queue ended, and can now complete without the queue.
            host.MoveWithoutQueue(connection, move);
        }
    }

    private void Leave(ConnectionReceiver connection, ConnectionMove move)
    {
        move.AwaitsRoom = TakeOut(connection);
        move.Watcher?.OnLeft();
        if (move.Target is { } target)
        {
            target.Receive(connection, move);
        }
        else
        {
            Detachment.Complete(connection, move);
        }
    }

    /// <summary>Removes a connection from this ring. The kernel has no request for the connection.</summary>
    /// <returns>Whether a sender waits for room.</returns>
    private bool TakeOut(ConnectionReceiver connection)
    {
        bool awaitsRoom = connection.IsAwaitingRoom;
        scheduler.Remove(connection);
        // Buffers are reclaimed from the connection's consumers for the last time here. After this, only the next ring thread may touch
        // them.
        ledger.Reclaimable.Dismiss(connection.Holder);
        scheduler.Free(connection);
        return awaitsRoom;
    }
}
