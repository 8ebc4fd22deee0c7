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
    public Task<bool> MoveAsync(ZcrxConnection connection, ReceiveLoop target, bool isRescue = false)
    {
        ConnectionMove move = new(this, target, isRescue);
        Post(() => BeginMove(connection, move), move.GiveUp);
        return move.Done;
    }

    /// <summary>Lets a connection's socket go. Any thread; not while it is moved.</summary>
    public ConnectionMove Detach(ZcrxConnection connection)
    {
        ConnectionMove move = new(this, null);
        Post(() => BeginMove(connection, move), move.GiveUp);
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
        move.AwaitsRoom = connection.IsAwaitingRoom;
        if (connection.IsAwaitingRoom)
        {
            PrepareCancel(new UserData(RequestKind.Writable, connection.Generation, connection.Slot).Encode());
            connection.IsAwaitingRoom = false;
        }

        Forget(connection);
        // Nobody but the other ring's thread may touch its consumers from now on.
        _queue.Ledger.Relief.Dismiss(connection.Holder);
        _connections.Free(connection.Slot);
        Counters.Connections = _connections.Count;
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
    private void LetGo(ZcrxConnection connection, ConnectionMove move)
    {
        BufferLedger ledger = _queue.Ledger;
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

    /// <summary>The target is closed. Any thread.</summary>
    private void TakeHome(ZcrxConnection connection, ConnectionMove move) => Post(
        () =>
        {
            Adopt(connection, move);
            move.Refuse(move.Target!.Name);
        },
        () => Abandon(connection, move));

    private void Adopt(ZcrxConnection connection, ConnectionMove move)
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
            if (_stopping)
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

    /// <summary>Both queues were closed meanwhile. Nothing was lost, and nobody is left to receive the rest. Any thread.</summary>
    private static void Abandon(ZcrxConnection connection, ConnectionMove move)
    {
        connection.RequestClose(abort: true);
        connection.Stream.End(new ZcrxStreamException($"Receiving on {connection}", 0, connection.BytesReceived, "the queue was closed while the connection was moved to another one, which was closed, too", ""));
        connection.CloseSocket();
        move.GiveUp();
    }

    /// <summary>The connection ends before it could be moved.</summary>
    private static void EndMove(ZcrxConnection connection)
    {
        connection.Move?.GiveUp();
        connection.Move = null;
    }
}
