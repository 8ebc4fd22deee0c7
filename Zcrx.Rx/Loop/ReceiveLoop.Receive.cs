using Zcrx.Interop.Abi;
using Zcrx.Interop.Errors;
using Zcrx.Rx.Connections;

namespace Zcrx.Rx.Loop;

/// <content>Connections and their receive requests.</content>
internal sealed unsafe partial class ReceiveLoop
{
    // What a request may take at most: the largest area, and within what the kernel's field holds.
    private const long MaxBudget = 1L << 30;

    private readonly Queue<ZcrxConnection> _armQueue = new();
    private readonly List<ZcrxConnection> _received = [];
    private long _turn;
    private bool _completionsFull;
    // What a corrupt ring says must not be acted upon any more: its descriptors may be anybody's.
    private bool _isCorrupt;
    // What a dead ring is told goes nowhere.
    private bool _isDead;

    /// <summary>The ring's thread: makes the kernel's request match what the connection wants.</summary>
    private void BringInLine(ZcrxConnection connection)
    {
        if (_connections.Find(connection.Slot, connection.Generation) != connection)
        {
            if (connection.Loop != this)
            {
                connection.Loop.Synchronize(connection);
            }

            return;
        }

        DeliverKept(connection);
        if (connection.WantsReceive)
        {
            if (connection.ReceiveState == ReceiveState.Idle)
            {
                connection.ReceiveState = ReceiveState.Queued;
                _armQueue.Enqueue(connection);
            }
        }
        else if (connection.ReceiveState == ReceiveState.Armed)
        {
            connection.ReceiveState = ReceiveState.Cancelling;
            PrepareCancel(ReceiveTag(connection));
        }

        TryFinish(connection);
        if (_connections.Find(connection.Slot, connection.Generation) == connection)
        {
            WatchHangUp(connection);
        }
    }

    private void ArmReceives()
    {
        int queued = _armQueue.Count;
        for (int i = 0; _armQueue.TryDequeue(out ZcrxConnection? connection); i++)
        {
            if (connection.ReceiveState != ReceiveState.Queued)
            {
                continue;
            }

            if (i < queued && connection.Turn == _turn)
            {
                // Requests are served in the order in which they are armed, and the first may empty the pool: who has just been served goes last.
                _armQueue.Enqueue(connection);
                continue;
            }

            connection.ReceiveState = ReceiveState.Idle;
            if (!connection.WantsReceive)
            {
                TryFinish(connection);
                continue;
            }

            int allowance = Allowance(connection);
            if (allowance == 0)
            {
                HoldBack(connection);
                continue;
            }

            int socket = (int)connection.Socket.SafeHandle.DangerousGetHandle();
            uint budget = (uint)long.Min((long)allowance * _queue.BufferLength, MaxBudget);
            connection.BeginRequest(budget);
            // Waiting first: a read at submission and another one when more arrives would each end in a buffer that is not full, and so
            // take more buffers in one turn than the budget has bytes for.
            if (!_queue.TryPrepareReceive(socket, ReceiveTag(connection), budget, waitsFirst: true))
            {
                SubmitForRoom();
                _ = _queue.TryPrepareReceive(socket, ReceiveTag(connection), budget, waitsFirst: true);
            }

            if (connection.HasReceivedBefore)
            {
                Counters.Rearms++;
            }

            connection.HasReceivedBefore = true;
            connection.ReceiveState = ReceiveState.Armed;
        }
    }

    private void OnReceiveEnded(UserData data, int result)
    {
        if (_connections.Find(data.Slot, data.Generation) is not { } connection)
        {
            return;
        }

        connection.ReceiveState = ReceiveState.Idle;
        switch (TerminalResult.Classify(result, connection.IsBudgetUsedUp))
        {
            case ReceiveEnd.EndOfStream:
                connection.HasEnded = true;
                break;
            case ReceiveEnd.NoBuffers:
                OnStarved(connection);
                break;
            case ReceiveEnd.ForeignMemory when connection.Move is not null || TryStrand(connection):
                // Whoever has that memory goes on.
                break;
            case ReceiveEnd.CompletionsFull:
                // Counted by the overflow flag; the next receive is issued as soon as this batch is worked off.
            case ReceiveEnd.BudgetUsedUp:
            case ReceiveEnd.Cancelled:
                break;
            default:
                connection.HasEnded = true;
                connection.EndError = EndError(connection, result);
                break;
        }

        BringInLine(connection);
    }

    private ZcrxStreamException EndError(ZcrxConnection connection, int result)
    {
        (string cause, string fix) = result != -Errno.EFAULT
            ? (ErrnoText.Describe(-result), "")
            : _isOnNic
                ? ($"what comes next arrived on an RX queue of {_options.Interface} whose memory is another interface queue's, and none was found that can hand it out",
                    "Steer the flow to a queue of this process, or put the queues of the interface into one ZcrxQueueGroup")
                : ("what comes next lies in the memory of a NIC's queue, which is another one's or gone", "");
        return new ZcrxStreamException($"Receiving on {connection}", -result, connection.BytesReceived, cause, fix);
    }

    /// <summary>Ends the stream once everything is delivered, and closes the socket once nothing uses it.</summary>
    private void TryFinish(ZcrxConnection connection)
    {
        if (connection.ReceiveState is ReceiveState.Armed or ReceiveState.Cancelling)
        {
            return;
        }

        if (connection.HasEnded && connection.Undelivered.Count == 0)
        {
            connection.Stream.End(connection.EndError);
            // A connection that is broken is of no use for sending either.
            if (connection.CloseWhenEnded || connection.EndError is not null)
            {
                connection.RequestClose(abort: false);
            }
        }

        if (connection.CloseRequested)
        {
            Close(connection, connection.WhyClosed, connection.Failure?.Exception);
        }
    }

    /// <summary>Frees slot, socket and undelivered buffers. Nothing of the connection is with the kernel any more, except a wait for room to send.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="cause">Why, for observers of a stream that has not ended.</param>
    /// <param name="inner">What led to this, if anything.</param>
    private void Close(ZcrxConnection connection, string cause, Exception? inner)
    {
        if (connection.ReceiveState == ReceiveState.Queued)
        {
            connection.ReceiveState = ReceiveState.Idle;
        }

        EndPolls(connection);
        Forget(connection);
        long delivered = connection.Undelivered.TryPeek(out int first) ? _queue.Ledger[first].StreamOffset : connection.BytesReceived;
        while (connection.Undelivered.TryDequeue(out int slot))
        {
            _queue.Ledger.Release(slot);
        }

        EndStall(connection);
        _connections.Free(connection.Slot);
        Counters.Connections = _connections.Count;
        EndMove(connection);
        connection.Stream.End(new ZcrxStreamException($"Receiving on {connection}", 0, delivered, cause, "", inner));
        connection.CloseSocket();
    }

    private static ulong ReceiveTag(ZcrxConnection connection) => new UserData(RequestKind.Receive, connection.Generation, connection.Slot).Encode();

    /// <summary>Called by a sender on any thread: the socket is full.</summary>
    public void AwaitWritable(ZcrxConnection connection) => Post(() => AwaitRoom(connection), () => AwaitRoomWithoutQueue(connection));

    /// <summary>This queue has ended. Any thread.</summary>
    private void AwaitRoomWithoutQueue(ZcrxConnection connection)
    {
        if (Parking?.TryAwaitRoom(connection) == true)
        {
            return;
        }

        // Looked at after the parking: who leaves it has its new queue first.
        if (connection.Loop != this)
        {
            connection.Loop.AwaitWritable(connection);
        }
        else
        {
            connection.OnWritable(0);
        }
    }

    private void AwaitRoom(ZcrxConnection connection)
    {
        if (_connections.Find(connection.Slot, connection.Generation) != connection)
        {
            if (connection.IsSendingClosed)
            {
                connection.OnWritable(0);
                return;
            }

            // On its way to another queue, which waits for room once it has the connection.
            connection.AwaitsRoomOnArrival = true;
            // Pairs with the fence in Adopt: either that queue sees the wish, or this thread sees the queue.
            Interlocked.MemoryBarrier();
            if (connection.Loop != this)
            {
                connection.Loop.AwaitWritable(connection);
            }

            return;
        }

        if (connection.IsAwaitingRoom)
        {
            // A wait that was given up is still on, and serves this one.
            return;
        }

        const uint PollOut = 4;
        PreparePoll(connection, PollOut, WritableTag(connection));
        connection.IsAwaitingRoom = true;
    }

    private void OnWritable(UserData data, int result)
    {
        if (_connections.Find(data.Slot, data.Generation) is { } connection)
        {
            connection.IsAwaitingRoom = false;
            connection.OnWritable(result);
        }
    }
}
