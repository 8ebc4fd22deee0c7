using Zcrx.Interop;
using Zcrx.Interop.Leases;
using Zcrx.Rx.Connections;

namespace Zcrx.Rx.Loop;

/// <content>Connections that leave for another queue: cancel, take everything up to the terminal completion, hand over. ReceiveLoop.Adopt.cs is the other side.</content>
internal sealed unsafe partial class ReceiveLoop
{
    private readonly List<ZcrxConnection> _departing = [];

    public string Name => _options.Name;

    /// <summary>The RX queue that it receives from; null without a NIC.</summary>
    public RxQueueId? RxQueue => _isOnNic ? new RxQueueId(_options.Interface!, _options.RxQueue) : null;

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
            if (connection.Loop != this && !connection.Closed.IsCompleted)
            {
                // It went to another queue between the call and this turn.
                MoveOn(connection, move);
            }
            else
            {
                MoveWithoutQueue(connection, move);
            }
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
        if (Parking?.TrySend(connection, move) == true)
        {
            return;
        }

        if (connection.Closed.IsCompleted)
        {
            move.GiveUp();
        }
        else if (Parking?.MoveOf(connection) is { } other)
        {
            // Another queue is about to have it: from there.
            _ = other.Done.ContinueWith(_ => MoveOn(connection, move), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
        else if (connection.Loop != this)
        {
            MoveOn(connection, move);
        }
        else
        {
            move.GiveUp();
        }
    }

    /// <summary>Goes on with a move from the queue that has the connection now.</summary>
    private static void MoveOn(ZcrxConnection connection, ConnectionMove move) => connection.Loop.Take(connection, move);

    private void Take(ZcrxConnection connection, ConnectionMove move)
    {
        move.Source = this;
        Post(() => BeginMove(connection, move), () => MoveWithoutQueue(connection, move));
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
            else if (connection.ReceiveState == ReceiveState.Idle)
            {
                _departing.RemoveAt(i);
                Depart(connection, move);
            }
        }
    }

    private void Depart(ZcrxConnection connection, ConnectionMove move)
    {
        move.AwaitsRoom = TakeOut(connection);
        // What its observers have not received goes along as copies.
        connection.FormerLedger = connection.Undelivered.Count > 0 ? _queue.Ledger : null;
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
        EndPolls(connection);
        Forget(connection);
        // Nobody but the other ring's thread may touch its consumers from now on.
        _queue.Ledger.Relief.Dismiss(connection.Holder);
        EndStall(connection);
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

    /// <summary>The connections that are here now. Any thread; none when the loop has ended.</summary>
    public Task<IReadOnlyList<ZcrxConnection>> GetConnectionsAsync() => InvokeAsync<IReadOnlyList<ZcrxConnection>>(() => _connections.Snapshot(), []);

    /// <summary>The connection ends before it could be moved.</summary>
    private static void EndMove(ZcrxConnection connection)
    {
        connection.Move?.GiveUp();
        connection.Move = null;
    }
}
