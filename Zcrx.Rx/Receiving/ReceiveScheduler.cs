using Zcrx.Interop.Abi;
using Zcrx.Interop.Errors;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Pool;
using Zcrx.Rx.Pressure;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Receiving;

/// <summary>Decides which connections receive, and with which budget: a consumer that is stuck stops its own connection and no other. Ring thread only.</summary>
internal sealed class ReceiveScheduler(
    SlotTable<ConnectionReceiver> connections,
    BufferPool pool,
    IReceiveRequests requests,
    IUndeliveredBuffers undelivered,
    HangUpWatch hangUps,
    StallReports stalls,
    ReceiveTurn turn,
    QueueContext context)
{
    // The largest budget: the largest area, and within the kernel's field.
    private const long MaxBudget = 1L << 30;

    // Turns in which the kernel found no buffer although some should have been free. From then on receives are retried at intervals.
    private const int BarrenTurns = 4;

    // Each retry in vain doubles the interval, to 128 ms.
    private const int MostDoublings = 7;

    private static readonly TimeSpan StarvedRetry = TimeSpan.FromMilliseconds(1);

    private readonly Queue<ConnectionReceiver> _queued = new();
    private readonly Queue<ConnectionReceiver> _starved = new();
    private readonly List<ConnectionReceiver> _paused = [];
    private int _barrenTurns;
    private bool _isBarren;
    private bool _ranDry;
    private long _retryStarvedAt = long.MaxValue;
    private volatile IStrandedConnections? _rescuer;

    /// <summary>Gets or sets the component that knows other queues, for stranded connections; null when there is none. Any thread.</summary>
    public IStrandedConnections? Rescuer { get => _rescuer; set => _rescuer = value; }

    /// <summary>Gets a value indicating whether receives wait to be issued.</summary>
    public bool HasQueued => _queued.Count > 0;

    /// <summary>Gets a value indicating whether connections wait for buffers.</summary>
    public bool AwaitsBuffers => _starved.Count > 0 || _paused.Count > 0;

    /// <summary>Gets the time at which starved connections are retried; <see cref="long.MaxValue"/> for never.</summary>
    public long Due => _starved.Count > 0 ? _retryStarvedAt : long.MaxValue;

    private int PausedByPool => _starved.Count + _paused.Count;

    /// <summary>Makes the kernel's request match what the connection wants. Does nothing for a connection that has left the queue.</summary>
    public void Reconcile(ConnectionReceiver connection)
    {
        if (!IsHere(connection))
        {
            return;
        }

        undelivered.Deliver(connection);
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
            hangUps.Watch(connection);
        }
    }

    /// <summary>Returns whether the connection belongs to this queue.</summary>
    public bool IsHere(ConnectionReceiver connection) => connections.Find(connection.Slot, connection.Generation) == connection;

    /// <summary>Cancels the receive. It is issued again in the next turn if the connection still wants it.</summary>
    public void Reissue(ConnectionReceiver connection)
    {
        if (connection.State == ReceiveState.Armed)
        {
            connection.Cancel();
            requests.Cancel(connection.ReceiveTag);
        }
    }

    /// <summary>Issues the receives that are queued.</summary>
    public void ArmReceives()
    {
        int queued = _queued.Count;
        for (int i = 0; _queued.TryDequeue(out ConnectionReceiver? connection); i++)
        {
            if (connection.State != ReceiveState.Queued)
            {
                continue;
            }

            if (i < queued && connection.Turn == turn.Number)
            {
                // Requests are served in the order in which they are armed, and the first may empty the pool. The connection that was served most recently is armed last.
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
        }
    }

    /// <summary>A receive has ended.</summary>
    public void OnReceiveEnded(ConnectionReceiver connection, int result)
    {
        connection.Disarm();
        switch (TerminalResult.Classify(result, connection.IsBudgetUsedUp))
        {
            case ReceiveEnd.EndOfStream:
                connection.End();
                break;
            case ReceiveEnd.NoBuffers:
                OnStarved(connection);
                break;
            case ReceiveEnd.ForeignMemory when connection.Move is not null || TryStrand(connection):
                // The queue that has that memory continues.
                break;
            case ReceiveEnd.CompletionsFull:
                // Counted by the overflow flag. The next receive is issued as soon as this batch is handled.
            case ReceiveEnd.BudgetUsedUp:
            case ReceiveEnd.Cancelled:
                break;
            default:
                connection.End(EndError(connection, result));
                break;
        }

        Reconcile(connection);
    }

    /// <summary>No queue was found that has what comes next.</summary>
    public void FailStranded(ConnectionReceiver connection)
    {
        if (IsHere(connection) && connection.Has(ReceiveObstacles.Stranded))
        {
            connection.End(EndError(connection, -Errno.EFAULT));
            // The bytes are out of reach for good. The peer must not believe that they were read.
            connection.Control.RequestClose(abort: true);
            Reconcile(connection);
        }
    }

    /// <summary>Observes the pool, and resumes connections that can receive again.</summary>
    public void WatchPool()
    {
        if (!pool.HasChanged && !AwaitsBuffers)
        {
            return;
        }

        pool.Observe(PausedByPool);
        ResumeStarved();
        ResumePaused();
        context.Counters.PausedConnections = PausedByPool;
    }

    /// <summary>After a batch: pauses connections that lease too much, cuts budgets that have become too large, and reissues stranded requests.</summary>
    public void AfterTurn()
    {
        // Before anything is flushed.
        bool ranDry = _ranDry || pool.Free <= 0 || pool.IsShared;
        _ranDry = false;
        _barrenTurns = turn.Received.Count > 0 ? 0 : _isBarren ? _barrenTurns + 1 : _barrenTurns;
        _isBarren = false;
        if (turn.Received.Count == 0)
        {
            return;
        }

        WatchPool();
        bool isPressed = pool.Level != PoolPressureLevel.Normal;
        bool mayStrand = (turn.WasRingFull || ranDry) && context.Options.Value.RearmsStrandedReceives;
        if (isPressed || mayStrand || pool.Ledger.Away > 0)
        {
            int quota = isPressed ? Quota() : int.MaxValue;
            foreach (ConnectionReceiver connection in turn.Received)
            {
                Review(connection, quota, mayStrand);
            }
        }

        turn.Received.Clear();
    }

    /// <summary>The connection leaves the queue, and nothing of it is with the kernel any more.</summary>
    public void Remove(ConnectionReceiver connection)
    {
        hangUps.End(connection);
        if (connection.Has(ReceiveObstacles.Pressure))
        {
            _paused.Remove(connection);
            connection.Clear(ReceiveObstacles.Pressure);
        }

        if (connection.Has(ReceiveObstacles.Starved))
        {
            connection.Clear(ReceiveObstacles.Starved);
            for (int i = _starved.Count; i > 0; i--)
            {
                ConnectionReceiver other = _starved.Dequeue();
                if (other != connection)
                {
                    _starved.Enqueue(other);
                }
            }
        }
    }

    /// <summary>Closes a connection. Nothing of it is with the kernel any more, except a wait for room to send.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="cause">The cause, for observers of a stream that has not ended.</param>
    /// <param name="inner">The exception behind it, if any.</param>
    public void Close(ConnectionReceiver connection, string cause, Exception? inner)
    {
        if (connection.State == ReceiveState.Queued)
        {
            connection.Disarm();
        }

        Remove(connection);
        long delivered = connection.DropUndelivered(pool.Ledger);
        Free(connection);
        connection.Move?.GiveUp();
        connection.EndMove();
        connection.Stream.End(new ZcrxStreamException($"Receiving on {connection}", 0, delivered, cause, "", inner));
        connection.Control.CloseSocket();
    }

    /// <summary>Frees the slot of a connection that leaves the queue.</summary>
    public void Free(ConnectionReceiver connection)
    {
        stalls.Forget(connection);
        connections.Free(connection.Slot);
        context.Counters.Connections = connections.Count;
    }

    private void TryArm(ConnectionReceiver connection)
    {
        int allowance = Allowance(connection);
        if (allowance == 0)
        {
            // Nothing is left for it: it waits until it has returned something, or the pool has recovered.
            pool.Starve();
            PauseByPressure(connection);
            return;
        }

        uint budget = (uint)long.Min((long)allowance * pool.BufferLength, MaxBudget);
        requests.Receive(connection.Socket.Descriptor, connection.ReceiveTag, budget);
        if (connection.HasReceivedBefore)
        {
            context.Counters.Rearms++;
        }

        connection.Arm(budget);
    }

    /// <summary>Returns how many buffers a connection may take now. Its next request gets a budget of as many.</summary>
    /// <remarks>
    /// The last buffers of the pool, the reserve, are for connections that lease none. Leases of them are copies, since a few bytes may take a whole
    /// buffer, so that a budget in bytes bounds no number of buffers. So a consumer that keeps what it gets can never take the whole pool, and connections
    /// whose consumers return their buffers always move, if only one buffer at a time.
    /// </remarks>
    private int Allowance(ConnectionReceiver connection) => int.Max(pool.Available, connection.Holder.Held == 0 ? 1 : 0);

    private void PauseByPressure(ConnectionReceiver connection)
    {
        connection.Set(ReceiveObstacles.Pressure);
        _paused.Add(connection);
        context.Counters.Pauses++;
    }

    /// <summary>A receive ended because the pool was empty. Often the refill queue has what it needs.</summary>
    private void OnStarved(ConnectionReceiver connection)
    {
        _ranDry = true;
        pool.Flush();
        if (pool.Free > 0)
        {
            _isBarren = true;
            if (_barrenTurns < BarrenTurns)
            {
                return;
            }

            // On a NIC, buffers that count as free may lie in its ring. No event tells when they come out of it.
            _retryStarvedAt = context.Clock.Now + (context.Clock.ToTicks(StarvedRetry) << int.Min(_barrenTurns - BarrenTurns, MostDoublings));
        }

        pool.Starve();
        connection.Set(ReceiveObstacles.Starved);
        _starved.Enqueue(connection);
        context.Counters.Pauses++;
    }

    /// <summary>Resumes starved connections in their order, and no more of them than there are buffers: the others would only starve again.</summary>
    private void ResumeStarved()
    {
        if (_starved.Count == 0 || (_retryStarvedAt != long.MaxValue && context.Clock.Now < _retryStarvedAt))
        {
            return;
        }

        _retryStarvedAt = long.MaxValue;
        pool.Flush();
        for (int free = pool.Free; free > 0 && _starved.TryDequeue(out ConnectionReceiver? connection); free--)
        {
            connection.Clear(ReceiveObstacles.Starved);
            Reconcile(connection);
        }
    }

    /// <summary>Resumes paused connections when the pool has recovered, and those that lease little themselves: leases of others must not stop them.</summary>
    private void ResumePaused()
    {
        if (_paused.Count == 0)
        {
            return;
        }

        int quota = Quota();
        bool hasRecovered = pool.Level == PoolPressureLevel.Normal;
        for (int i = 0; i < _paused.Count;)
        {
            ConnectionReceiver connection = _paused[i];
            if ((hasRecovered || connection.Holder.Held <= quota / 2) && Allowance(connection) > 0)
            {
                _paused.RemoveAt(i);
                connection.Clear(ReceiveObstacles.Pressure);
                Reconcile(connection);
            }
            else
            {
                i++;
            }
        }
    }

    private int Quota() => PressureMachine.Quota(pool.Buffers, connections.Count, context.Options.Value.ConnectionQuota);

    private void Review(ConnectionReceiver connection, int quota, bool mayStrand)
    {
        if (connection.HasEnded || connection.Control.CloseRequested)
        {
            return;
        }

        if (connection.Holder.Held > quota && !connection.Has(ReceiveObstacles.Pressure))
        {
            PauseByPressure(connection);
            Reconcile(connection);
        }
        else if (connection.State == ReceiveState.Armed && (MayTakeTooMuch(connection) || (mayStrand && connection.Socket.BytesWaiting > 0)))
        {
            Reissue(connection);
        }
    }

    /// <summary>Returns whether a request's budget, given when more buffers were free, would let it take the whole reserve.</summary>
    /// <remarks>Budgets are in bytes, and a few bytes may take a whole buffer. So a budget can outlast the buffers that it was meant for.</remarks>
    private bool MayTakeTooMuch(ConnectionReceiver connection)
    {
        long buffers = (connection.BudgetLeft + pool.BufferLength - 1) / pool.BufferLength;
        return buffers > Allowance(connection) + pool.Reserve - 1;
    }

    /// <summary>A receive ended because what comes next lies in another queue's memory: the connection waits until it is moved there.</summary>
    private bool TryStrand(ConnectionReceiver connection)
    {
        if (!context.IsOnNic || Rescuer is not { } rescuer)
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
            : context.IsOnNic
                ? ($"what comes next arrived on an RX queue of {context.Options.Value.Interface} whose memory is another interface queue's, and none was found that can hand it out",
                    "Steer the flow to a queue of this process, or put the queues of the interface into one ZcrxQueueGroup")
                : ("what comes next lies in the memory of a NIC's queue, which is another one's or gone", "");
        return new ZcrxStreamException($"Receiving on {connection}", -result, connection.BytesReceived, cause, fix);
    }

    /// <summary>Ends the stream once everything is delivered, and closes the socket once nothing uses it.</summary>
    private void TryFinish(ConnectionReceiver connection)
    {
        if (connection.HasRequest)
        {
            return;
        }

        if (connection.HasEnded && connection.Undelivered.Count == 0)
        {
            connection.Stream.End(connection.EndError);
            // A connection that is broken cannot be sent on either.
            if (connection.Control.CloseWhenEnded || connection.EndError is not null)
            {
                connection.Control.RequestClose(abort: false);
            }
        }

        if (connection.Control.CloseRequested)
        {
            Close(connection, connection.Control.WhyClosed, connection.Control.Failure?.Exception);
        }
    }
}
