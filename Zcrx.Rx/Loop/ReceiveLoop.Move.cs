using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Leases;
using Zcrx.Rx.Connections;

namespace Zcrx.Rx.Loop;

/// <content>Connections that go over to another queue: cancel, take everything up to the terminal completion, receive on the other ring.</content>
internal sealed unsafe partial class ReceiveLoop
{
    private readonly List<ZcrxConnection> _departing = [];

    public string Name => _options.Name;

    /// <summary>The RX queue that it receives from; null without a NIC.</summary>
    public RxQueueId? RxQueue => _isOnNic ? new RxQueueId(_options.Interface!, _options.RxQueue) : null;

    /// <summary>Who knows other queues, for connections whose payload lies in the memory of one of them; null when nobody does.</summary>
    public IStrandedConnections? Rescuer { get; set; }

    /// <summary>Lets another loop receive for a connection of this one. Any thread; one move of a connection at a time.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="target">The other loop.</param>
    /// <param name="isRescue">Whether to do nothing unless it is stranded, and then to go to a queue that is being drained as well.</param>
    /// <param name="watcher">Who wants to know how it gets on; null for nobody.</param>
    public Task<bool> MoveAsync(ZcrxConnection connection, ReceiveLoop target, bool isRescue = false, IMoveWatcher? watcher = null)
    {
        ConnectionMove move = new(this, target, isRescue) { Watcher = watcher };
        Post(() => BeginMove(connection, move), () => MoveWithoutQueue(connection, move));
        return move.Done;
    }

    /// <summary>Lets a connection's socket go. Any thread; not while it is moved.</summary>
    public ConnectionMove Detach(ZcrxConnection connection)
    {
        ConnectionMove move = new(this, null);
        Post(() => BeginMove(connection, move), () => MoveWithoutQueue(connection, move));
        return move;
    }

    private void BeginMove(ZcrxConnection connection, ConnectionMove move)
    {
        if (_connections.Find(connection.Slot, connection.Generation) != connection)
        {
            // Closed meanwhile.
            move.GiveUp();
        }
        else if (move.IsRescue && !connection.IsStranded)
        {
            // Moved meanwhile, and goes on.
            move.GiveUp();
        }
        else if (move.Target == this)
        {
            move.Succeed();
        }
        else
        {
            connection.Move = move;
            _departing.Add(connection);
            BringInLine(connection);
        }
    }

    /// <summary>This queue has ended. Any thread.</summary>
    private void MoveWithoutQueue(ZcrxConnection connection, ConnectionMove move)
    {
        if (Parking?.TrySend(connection, move) != true)
        {
            move.GiveUp();
        }
    }

    /// <summary>Hands over those that the kernel is through with. After receives have been issued: then nobody is queued for one any more.</summary>
    private void SeeOff()
    {
        for (int i = _departing.Count - 1; i >= 0; i--)
        {
            ZcrxConnection connection = _departing[i];
            if (connection.Move is not { } move || connection.HasEnded || connection.CloseRequested)
            {
                // It ends here; whoever ends it tells the mover.
                _departing.RemoveAt(i);
                EndMove(connection);
            }
            else if (connection.ReceiveState == ReceiveState.Idle && (connection.Undelivered.Count == 0 || move.Target is null))
            {
                _departing.RemoveAt(i);
                Depart(connection, move);
            }
        }
    }

    private void Depart(ZcrxConnection connection, ConnectionMove move)
    {
        move.AwaitsRoom = TakeOut(connection);
        move.Watcher?.OnDeparted();
        if (move.Target is { } target)
        {
            target.Post(() => target.Adopt(connection, move), () => move.Source.TakeHome(connection, move));
        }
        else
        {
            LetGo(connection, move);
        }
    }

    /// <summary>The socket has another owner from now on, who goes on where the observers were left.</summary>
    internal void LetGo(ZcrxConnection connection, ConnectionMove move)
    {
        BufferLedger ledger = connection.FormerLedger ?? _queue.Ledger;
        using MemoryStream unread = new();
        long delivered = connection.Undelivered.TryPeek(out int first) ? ledger[first].StreamOffset : connection.BytesReceived;
        while (connection.Undelivered.TryDequeue(out int slot))
        {
            ref LeaseSlot kept = ref ledger[slot];
            unread.Write(new ReadOnlySpan<byte>((void*)kept.Address, kept.Length));
            ledger.Release(slot);
        }

        move.Unread = unread.ToArray();
        connection.Move = null;
        connection.Stream.End(new ZcrxStreamException($"Receiving on {connection}", 0, delivered, "the connection was detached, and its socket has another owner", ""));
        connection.LetSocketGo();
        move.Succeed();
    }

    /// <summary>The connection is this ring's no more. Nothing of it is with the kernel.</summary>
    /// <returns>Whether a sender waits for room.</returns>
    private bool TakeOut(ZcrxConnection connection)
    {
        bool awaitsRoom = connection.IsAwaitingRoom;
        if (awaitsRoom)
        {
            PrepareCancel(new UserData(RequestKind.Writable, connection.Generation, connection.Slot).Encode());
            connection.IsAwaitingRoom = false;
        }

        Forget(connection);
        // Nobody but the other ring's thread may touch its consumers from now on.
        _queue.Ledger.Relief.Dismiss(connection.Holder);
        _connections.Free(connection.Slot);
        Counters.Connections = _connections.Count;
        return awaitsRoom;
    }

    /// <summary>This queue ends, and the connection waits for another one. The kernel does nothing for it any more.</summary>
    private void Park(ZcrxConnection connection)
    {
        ConnectionMove? move = connection.Move;
        bool awaitsRoom = TakeOut(connection);
        connection.ReceiveState = ReceiveState.Idle;
        connection.IsLeaving = false;
        connection.IsStranded = false;
        connection.Move = null;
        connection.FormerLedger = connection.Undelivered.Count > 0 ? _queue.Ledger : null;
        Parking!.Add(connection, this, awaitsRoom);
        if (move is not null)
        {
            // It was about to go somewhere: nothing is in the way any more.
            MoveWithoutQueue(connection, move);
        }
    }

    /// <summary>What had come before nobody listened lies in the memory of a queue that has ended: it comes along as copies.</summary>
    private void CarryOver(ZcrxConnection connection)
    {
        if (connection.FormerLedger is not { } former)
        {
            return;
        }

        connection.FormerLedger = null;
        for (int i = connection.Undelivered.Count; i > 0; i--)
        {
            int slot = connection.Undelivered.Dequeue();
            ref LeaseSlot kept = ref former[slot];
            connection.Undelivered.Enqueue(_queue.Ledger.KeepCopy(kept.Address, kept.Length, kept.StreamOffset, connection.Holder));
            former.Release(slot);
        }
    }

    /// <summary>The target is closed. Any thread.</summary>
    internal void TakeHome(ZcrxConnection connection, ConnectionMove move) => Post(
        () =>
        {
            Adopt(connection, move);
            move.Refuse(move.Target!.Name);
        },
        () => Abandon(connection, move));

    internal void Adopt(ZcrxConnection connection, ConnectionMove move)
    {
        if ((_stopping || (_draining && !move.IsRescue)) && move.Source != this)
        {
            move.Source.TakeHome(connection, move);
            return;
        }

        (int slot, uint generation) = _connections.Reserve();
        connection.Rebind(this, slot, generation);
        connection.Move = null;
        connection.IsStranded = false;
        _connections.Set(slot, connection);
        Counters.Connections = _connections.Count;
        // Pairs with the exchange in TakeCommands: either we see what was changed on the way, or they see where the connection is now.
        Interlocked.MemoryBarrier();
        try
        {
            CarryOver(connection);
            if (move.Parked is { } parked)
            {
                // The sender may have asked while it was on its way.
                move.AwaitsRoom = move.Source.Parking!.Leave(parked);
            }

            connection.IsLeaving = _keeps;
            if (_stopping && !_keeps)
            {
                connection.RequestClose(abort: false);
            }

            if (move.AwaitsRoom)
            {
                AwaitRoom(connection);
            }

            BringInLine(connection);
        }
        finally
        {
            if (move.Target == this)
            {
                Counters.ConnectionsMovedIn++;
                move.Watcher?.OnArrived();
                move.Succeed();
            }
        }
    }

    /// <summary>A receive ended because what comes next lies in another queue's memory: the connection waits until it is moved there.</summary>
    private bool TryStrand(ZcrxConnection connection)
    {
        if (!_isOnNic || Rescuer is not { } rescuer)
        {
            return false;
        }

        connection.IsStranded = true;
        rescuer.OnStranded(connection, connection.BytesReceived);
        return true;
    }

    /// <summary>No queue was found that has what comes next. Any thread.</summary>
    public void FailStranded(ZcrxConnection connection) => Post(() =>
    {
        if (_connections.Find(connection.Slot, connection.Generation) == connection && connection.IsStranded)
        {
            connection.HasEnded = true;
            connection.EndError = EndError(connection, -Errno.EFAULT);
            // The bytes are out of reach for good: the peer is not to believe that they were read.
            connection.RequestClose(abort: true);
            BringInLine(connection);
        }
    });

    /// <summary>The connections that are here now. Any thread; none when the loop has ended.</summary>
    public Task<IReadOnlyList<ZcrxConnection>> GetConnectionsAsync()
    {
        TaskCompletionSource<IReadOnlyList<ZcrxConnection>> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() => answer.TrySetResult(_connections.Snapshot()), () => answer.TrySetResult([]));
        return answer.Task;
    }

    /// <summary>Both queues were closed meanwhile. Nothing was lost; it waits for another queue, if somebody sees to that. Any thread.</summary>
    private void Abandon(ZcrxConnection connection, ConnectionMove move)
    {
        if (move.Parked is { } parked)
        {
            Parking!.TakeBack(parked, move.Target!);
            Parking.Consider(connection);
        }
        else if (Parking is not null)
        {
            Parking.Add(connection, this, move.AwaitsRoom);
            Parking.Consider(connection);
        }
        else
        {
            ConnectionParking.EndUnwanted(connection);
            move.GiveUp();
            return;
        }

        if (move.IsContinuation)
        {
            move.GiveUp();
        }
        else
        {
            move.Refuse(move.Target!.Name);
        }
    }

    /// <summary>The connection ends before it could be moved.</summary>
    private static void EndMove(ZcrxConnection connection)
    {
        connection.Move?.GiveUp();
        connection.Move = null;
    }
}
