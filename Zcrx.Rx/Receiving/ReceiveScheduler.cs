using Zcrx.Interop.Abi;
using Zcrx.Interop.Errors;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Pool;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Receiving;

/// <summary>
/// Decides which connections receive, and with which budget. A stuck consumer stops only its own connection. Ring thread only.
/// </summary>
internal sealed class ReceiveScheduler
{
    // The largest budget in bytes. It equals the size of the largest area, and fits the kernel's 32-bit field.
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

    /// <summary>Gets or sets the component that finds other queues for stranded connections; null for none. Thread-safe.</summary>
    public IStrandedConnections? Rescuer { get => _rescuer; set => _rescuer = value; }

    /// <summary>Gets a value indicating whether any receives are queued and not yet issued.</summary>
    public bool HasQueued => _queued.Count > 0;

    /// <summary>Gets a value indicating whether connections wait for buffers.</summary>
    public bool AwaitsBuffers => _waiters.Count > 0;

    /// <summary>Gets the time at which receives that found no buffer are retried; <see cref="long.MaxValue"/> for never.</summary>
    public long Due => _waiters.Due;

    /// <summary>Issues or cancels the receive of a connection to match its state. Ignores a connection that has left the queue.</summary>
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

    /// <summary>Determines whether the connection still belongs to this queue.</summary>
    public bool IsHere(ConnectionReceiver connection) => _connections.Find(connection.Slot, connection.Generation) == connection;

    /// <summary>Cancels the current receive. The next turn issues another one if the connection should still receive.</summary>
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
                // The kernel serves receives in the order in which they are armed, and the first one may empty the pool. The connection
                // that was served most recently is therefore armed last.
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
                // If the connection was paused after it was queued, it has no receive that would detect its end.
                _hangUps.Watch(connection);
            }
        }
    }

    /// <summary>Handles the last completion of a receive.</summary>
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
                // The queue that owns the memory of the next bytes will continue the stream.
                break;
            case ReceiveEnd.CompletionsFull:
                // The overflow is counted by another component, from a flag of the ring. The receive is issued again after this batch.
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
            // The bytes are lost, and the reset tells the peer that they were not read.
            connection.Control.RequestClose(abort: true, connection.EndError!.Cause);
            Reconcile(connection);
        }
    }

    /// <summary>Updates the pressure level of the pool, and resumes connections for which buffers are available.</summary>
    public void WatchPool()
    {
        if (!_pool.HasChanged && !AwaitsBuffers)
        {
            return;
        }

        _pool.Observe(_waiters.Count);
        _waiters.Resume();
    }

    /// <summary>
    /// Ends a turn: pauses connections that lease too much, and reissues stranded receives and those with too large a budget.
    /// </summary>
    public void AfterTurn()
    {
        // Called before any flush, because a flush changes the number of free buffers.
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

    /// <summary>Removes a connection that leaves the queue. The kernel must have no receive for it.</summary>
    public void Remove(ConnectionReceiver connection)
    {
        _hangUps.End(connection);
        _waiters.Remove(connection);
    }

    /// <summary>Closes a connection and ends its stream. The kernel must have no receive for it. Cancels its polls.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="cause">The cause that observers get if the stream has not ended yet, as a clause.</param>
    /// <param name="inner">The exception that caused the close; null for none.</param>
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
            // Treated like a receive that found no buffer. The connection waits until its consumers return buffers or the pool recovers.
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

    /// <summary>Marks a connection as stranded, because its next bytes lie in another queue's memory.</summary>
    /// <returns>False if no component can find that queue.</returns>
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

    /// <summary>Returns why a connection whose stream has ended is closed now, as a clause; null if it stays open.</summary>
    private static string? WhyClosed(ConnectionReceiver connection)
    {
        if (connection.EndError is { } error)
        {
            // A connection with an error is closed in every CloseMode, because it cannot send either.
            return error.Cause;
        }

        if (connection.StopCause is not null && connection.HasUnfinishedWork)
        {
            // Work is unfinished, so the connection stays open. An orderly end would tell the peer that all its bytes were handled.
            return null;
        }

        ConnectionControl control = connection.Control;
        if (control.Sender.IsShutDown && (control.CloseMode == CloseMode.AtEndOfStream || !control.Work.IsAny))
        {
            // By default the connection stays open while consumers work, because a close would cancel their token before they have handled
            // all bytes.
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

    /// <summary>Ends the stream once everything is delivered. Then closes the socket if nothing keeps it open.</summary>
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
            // A consumer may just have sent a reply that is still in the batch. Bytes that this flush cannot send count as work, which
            // keeps the connection open.
            connection.Control.Sender.Flush();
            // The end of the stream may have completed a last frame. That frame waits if the connection is paused.
            if (!connection.HasWaiting && WhyClosed(connection) is { } cause)
            {
                // A local error, such as no free descriptor, does not break the connection. Without a reset the peer would assume that all
                // its bytes were received.
                connection.Control.RequestClose(abort: connection.EndError is not null, cause);
            }
        }

        connection.Control.ResetIfUnfinished();
        if (!connection.Control.CloseRequested)
        {
            return;
        }

        // A flush is needed first, because only the flush shows whether the socket has room for the batched bytes.
        connection.Control.Sender.Flush();
        if (connection.Control.AbortRequested || !connection.Control.Sender.HasRest)
        {
            string cause = connection.Control.Failure is null && connection.EndError is { } error ? error.Cause : connection.Control.WhyClosed;
            Close(connection, cause, connection.Control.Failure?.Exception);
        }
    }
}
