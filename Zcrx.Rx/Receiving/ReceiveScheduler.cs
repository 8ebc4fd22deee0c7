using Zcrx.Interop.Abi;
using Zcrx.Interop.Errors;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Pool;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Receiving;

/// <summary>Decides which connections receive, and with which budget. A stuck consumer stops its own connection and no
/// other. Ring thread only.</summary>
internal sealed class ReceiveScheduler
{
    // The largest budget: the size of the largest area, which fits the kernel's field.
    private const long MaxBudget = 1L << 30;

    private readonly SlotTable<ConnectionReceiver> _connections;
    private readonly BufferPool _pool;
    private readonly IReceiveRequests _requests;
    private readonly IDelivery _delivery;
    private readonly HangUpWatch _hangUps;
    private readonly StallReports _stalls;
    private readonly LingeringClose _sockets;
    private readonly ReceiveTurn _turn;
    private readonly QueueContext _context;
    private readonly BufferWaiters _waiters;
    private readonly Queue<ConnectionReceiver> _queued = new();
    private volatile IStrandedConnections? _rescuer;

    public ReceiveScheduler(
        SlotTable<ConnectionReceiver> connections,
        BufferPool pool,
        IReceiveRequests requests,
        IDelivery delivery,
        HangUpWatch hangUps,
        StallReports stalls,
        LingeringClose sockets,
        ReceiveTurn turn,
        QueueContext context)
    {
        _connections = connections;
        _pool = pool;
        _requests = requests;
        _delivery = delivery;
        _hangUps = hangUps;
        _stalls = stalls;
        _sockets = sockets;
        _turn = turn;
        _context = context;
        _waiters = new BufferWaiters(connections, pool, context, Reconcile);
    }

    /// <summary>Gets or sets the component that finds queues for stranded connections; null when there is none. Thread-safe.</summary>
    public IStrandedConnections? Rescuer { get => _rescuer; set => _rescuer = value; }

    /// <summary>Gets a value indicating whether receives wait to be issued.</summary>
    public bool HasQueued => _queued.Count > 0;

    /// <summary>Gets a value indicating whether connections wait for buffers.</summary>
    public bool AwaitsBuffers => _waiters.Count > 0;

    /// <summary>Gets the time at which starved connections are retried; <see cref="long.MaxValue"/> for never.</summary>
    public long Due => _waiters.Due;

    /// <summary>Makes the kernel's request match the connection's state. Does nothing for a connection that has left the queue.</summary>
    public void Reconcile(ConnectionReceiver connection)
    {
        if (!IsHere(connection))
        {
            return;
        }

        _delivery.Deliver(connection);
        if (connection.WantsReceive)
        {
            if (connection.State == ReceiveState.Idle)
            {
                connection.Enqueue();
                _queued.Enqueue(connection);
            }
        }
        else
        {
            Reissue(connection);
        }

        TryFinish(connection);
        if (IsHere(connection))
        {
            _hangUps.Watch(connection);
        }
    }

    /// <summary>Determines whether the connection belongs to this queue.</summary>
    public bool IsHere(ConnectionReceiver connection) => _connections.Find(connection.Slot, connection.Generation) == connection;

    /// <summary>Cancels the receive. The next turn issues it again if the connection should still receive.</summary>
    public void Reissue(ConnectionReceiver connection)
    {
        if (connection.State == ReceiveState.Armed)
        {
            connection.Cancel();
            _requests.Cancel(connection.ReceiveTag);
        }
    }

    /// <summary>Issues the queued receives.</summary>
    public void ArmReceives()
    {
        int queued = _queued.Count;
        for (int i = 0; _queued.TryDequeue(out ConnectionReceiver? connection); i++)
        {
            if (connection.State != ReceiveState.Queued)
            {
                continue;
            }

            if (i < queued && connection.Turn == _turn.Number)
            {
                // Requests are served in the order in which they are armed, and the first request may empty the pool. The connection that
                // was served most recently is armed last.
                _queued.Enqueue(connection);
                continue;
            }

            connection.Disarm();
            if (connection.WantsReceive)
            {
                TryArm(connection);
            }
            else
            {
                TryFinish(connection);
            }

            if (IsHere(connection))
            {
                // A connection that was paused after it was queued has no receive that would detect its end.
                _hangUps.Watch(connection);
            }
        }
    }

    /// <summary>Handles the end of a receive.</summary>
    public void OnReceiveEnded(ConnectionReceiver connection, int result)
    {
        connection.Disarm();
        switch (TerminalResult.Classify(result, connection.IsBudgetUsedUp))
        {
            case ReceiveEnd.EndOfStream:
                connection.End(connection.LostEnd());
                break;
            case ReceiveEnd.NoBuffers:
                _waiters.Starve(connection);
                break;
            case ReceiveEnd.ForeignMemory when connection.Move is not null || TryStrand(connection):
                // The queue whose memory has the next bytes continues the stream.
                break;
            case ReceiveEnd.CompletionsFull:
                // Another component counts the overflow, by the flag of the ring. The next receive is issued once this batch is handled.
            case ReceiveEnd.BudgetUsedUp:
            case ReceiveEnd.Cancelled:
                break;
            default:
                connection.End(EndError(connection, result));
                break;
        }

        Reconcile(connection);
    }

    /// <summary>Ends a stranded connection for which no queue was found.</summary>
    public void FailStranded(ConnectionReceiver connection)
    {
        if (IsHere(connection) && connection.Has(ReceiveObstacles.Stranded))
        {
            connection.End(EndError(connection, -Errno.EFAULT));
            // The bytes can no longer be received. The peer must not take them as read.
            connection.Control.RequestClose(abort: true, connection.EndError!.Cause);
            Reconcile(connection);
        }
    }

    /// <summary>Observes the pool, and resumes connections that can receive again.</summary>
    public void WatchPool()
    {
        if (!_pool.HasChanged && !AwaitsBuffers)
        {
            return;
        }

        _pool.Observe(_waiters.Count);
        _waiters.Resume();
    }

    /// <summary>Ends a batch: pauses connections that lease too much, cuts budgets that have become too large, and reissues
    /// stranded requests.</summary>
    public void AfterTurn()
    {
        // Called before a flush, which changes the number of free buffers.
        bool ranDry = _waiters.EndTurn(hasReceived: _turn.Received.Count > 0);
        if (_turn.Received.Count == 0)
        {
            return;
        }

        WatchPool();
        bool isPressed = _pool.Level != PoolPressureLevel.Normal;
        bool mayStrand = (_turn.WasRingFull || ranDry) && _context.Options.Value.RearmsStrandedReceives;
        if (isPressed || mayStrand || _pool.Ledger.InFlight > 0)
        {
            int quota = isPressed ? _waiters.Quota : int.MaxValue;
            for (int i = 0; i < _turn.Received.Count; i++)
            {
                Review(_turn.Received[i], quota, mayStrand);
            }
        }

        _turn.ClearReceived();
    }

    /// <summary>Removes a connection that leaves the queue. The kernel has no request for the connection.</summary>
    public void Remove(ConnectionReceiver connection)
    {
        _hangUps.End(connection);
        _waiters.Remove(connection);
    }

    /// <summary>Closes a connection. The kernel has no request for it, except a poll for room to send.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="cause">The cause, for observers of a stream that has not ended.</param>
    /// <param name="inner">The exception that caused the close, if any.</param>
    public void Close(ConnectionReceiver connection, string cause, Exception? inner)
    {
        connection.Control.Sender.Flush();
        if (connection.State == ReceiveState.Queued)
        {
            connection.Disarm();
        }

        Remove(connection);
        long delivered = connection.DropUndelivered();
        Free(connection);
        connection.Move?.GiveUp();
        connection.EndMove();
        _context.Heartbeat.Enter(RingCallback.End, connection);
        connection.EndStream(new ZcrxStreamException($"Receiving on {connection}", 0, delivered, cause, "", inner));
        _context.Heartbeat.Leave();
        _sockets.Close(connection);
    }

    /// <summary>Frees the slot of a connection that leaves the queue.</summary>
    public void Free(ConnectionReceiver connection)
    {
        _stalls.Forget(connection);
        _connections.Free(connection.Slot);
        _context.Counters.Connections = _connections.Count;
    }

    private void TryArm(ConnectionReceiver connection)
    {
        int allowance = _waiters.Allowance(connection);
        if (allowance == 0)
        {
            // No buffer is left for the connection. It waits until its consumers have returned buffers, or the pool has recovered.
            _pool.Starve();
            _waiters.Pause(connection);
            return;
        }

        uint budget = (uint)long.Min((long)allowance * _pool.BufferLength, MaxBudget);
        _requests.Receive(connection.Socket.Descriptor, connection.ReceiveTag, budget);
        if (connection.HasReceivedBefore)
        {
            _context.Counters.Rearms++;
        }

        connection.Arm(budget);
    }

    private void Review(ConnectionReceiver connection, int quota, bool mayStrand)
    {
        if (connection.HasEnded || connection.Control.CloseRequested)
        {
            return;
        }

        if (connection.Holder.Leased > quota && !connection.Has(ReceiveObstacles.Pressure))
        {
            _waiters.Pause(connection);
            Reconcile(connection);
        }
        else if (connection.State == ReceiveState.Armed && (_waiters.MayTakeTooMuch(connection) || (mayStrand && connection.Socket.BytesWaiting > 0)))
        {
            Reissue(connection);
        }
    }

    /// <summary>Marks a connection as stranded, because its next bytes lie in another queue's memory. Returns false if no component
    /// can find that queue.</summary>
    private bool TryStrand(ConnectionReceiver connection)
    {
        if (!_context.IsOnNic || Rescuer is not { } rescuer)
        {
            return false;
        }

        connection.Set(ReceiveObstacles.Stranded);
        rescuer.OnStranded(connection, connection.BytesReceived);
        return true;
    }

    private ZcrxStreamException EndError(ConnectionReceiver connection, int result)
    {
        (string cause, string fix) = result != -Errno.EFAULT
            ? (ErrnoText.Describe(-result), "")
            : _context.IsOnNic
                ? ($"the next bytes arrived on an RX queue of {_context.Options.Value.Interface} with the memory of another interface queue, and no queue was found that can deliver them",
                    "Steer the flow to a queue of this process, or put the queues of the interface into one ZcrxQueueGroup")
                : ("the next bytes lie in the memory of a NIC's queue that belongs to another process or is closed", "");
        return new ZcrxStreamException($"Receiving on {connection}", -result, connection.BytesReceived, cause, fix);
    }

    /// <summary>Returns why a connection whose stream has ended closes now; null when it stays open.</summary>
    private static string? WhyClosed(ConnectionReceiver connection)
    {
        if (connection.EndError is { } error)
        {
            // A failed connection closes in every CloseMode, because sending fails as well.
            return error.Cause;
        }

        if (connection.StopCause is not null && connection.HasUnfinishedWork)
        {
            // The connection stays open, because an orderly end would tell the peer that everything was handled.
            return null;
        }

        ConnectionControl control = connection.Control;
        if (control.Sender.IsShutDown && (control.CloseMode == CloseMode.AtEndOfStream || !control.Work.IsAny))
        {
            // The connection stays open while consumers work: a close would cancel their token before they have handled all bytes.
            return "both sides had ended the connection";
        }

        return (control.CloseMode, connection.StopCause) switch
        {
            (CloseMode.AtEndOfStream, _) => "its stream had ended, and CloseMode is AtEndOfStream",
            _ when control.Work.IsAny => null,
            (_, { } stop) => stop,
            (CloseMode.AfterConsumers, _) => "its stream had ended, and no consumer was at work. Call BeginWork or set CloseMode to send after that",
            _ => null,
        };
    }

    /// <summary>Ends the stream once everything is delivered, and closes the socket once it is no longer used.</summary>
    private void TryFinish(ConnectionReceiver connection)
    {
        if (connection.HasRequest)
        {
            return;
        }

        if (connection.HasEnded && !connection.HasWaiting)
        {
            _context.Heartbeat.Enter(RingCallback.End, connection);
            connection.EndStream(connection.EndOfStream());
            _context.Heartbeat.Leave();
            // A reply that the last frame or the end has caused may lie in a batch. Its rest is work, which keeps the connection open.
            connection.Control.Sender.Flush();
            // The end may have completed a last frame, which waits because the connection is paused.
            if (!connection.HasWaiting && WhyClosed(connection) is { } cause)
            {
                // After an error on this side, such as no free descriptor, the socket could still be closed without a reset. The peer would
                // then assume that every byte was received.
                connection.Control.RequestClose(abort: connection.EndError is not null, cause);
            }
        }

        connection.Control.ResetIfUnfinished();
        if (!connection.Control.CloseRequested)
        {
            return;
        }

        // Only a flush shows whether the socket has room for the bytes in a batch.
        connection.Control.Sender.Flush();
        if (connection.Control.AbortRequested || !connection.Control.Sender.HasRest)
        {
            string cause = connection.Control.Failure is null && connection.EndError is { } error ? error.Cause : connection.Control.WhyClosed;
            Close(connection, cause, connection.Control.Failure?.Exception);
        }
    }
}
