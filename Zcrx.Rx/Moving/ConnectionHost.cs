using System.Collections.Concurrent;
using Zcrx.Interop;
using Zcrx.Interop.Kernel;
using Zcrx.Interop.Leases;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Limits;
using Zcrx.Rx.Options;
using Zcrx.Rx.Receiving;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Moving;

/// <summary>Represents a queue for its connections and for other queues. Thread-safe.</summary>
/// <remarks>Passes requests to the ring thread, or serves them itself after the ring thread has ended.</remarks>
internal sealed class ConnectionHost(IRingWorker thread, SuspendedConnectionOwner? suspended, CurrentOptions options, IReceiveEvents events, RxQueueId? rxQueue) : IConnectionHost
{
    // Other threads may change connections faster than the ring thread handles the changes. The limit ensures that completions are handled
    // in between.
    private const int ChangesPerTurn = 4096;

    private readonly ConcurrentQueue<ConnectionReceiver> _changes = new();
    // The set of unfinished work on closed connections. The values are not used.
    private readonly ConcurrentDictionary<ConnectionWork, bool> _lateWork = new();
    private int _awaitsEnd;
    // Set when the ring thread has begun to stop, and waits for the unfinished work.
    private volatile bool _awaitsLateWork;
    private long _scheduled;
    // Set before the ring thread runs posted work.
    private ConnectionMover _mover = null!;

    public string Name => options.Name;

    /// <summary>Gets the RX queue that the queue receives from; null without a NIC.</summary>
    public RxQueueId? RxQueue => rxQueue;

    public Task Ended => thread.Ended;

    /// <summary>Gets or sets the batch that collects the sends of the ring thread. The ring thread sets it once, before connections exist.</summary>
    public SendBatch? Batch { get; set; }

    public ConsumerFailureAction WhenConsumerFails => options.Value.WhenConsumerFails;

    /// <summary>Gets the bytes of unfinished frames that the connections have copied.</summary>
    public FrameBudget Frames { get; } = new(options);

    public IByteBudget CopyBudget => Frames;

    /// <summary>Gets the owner of suspended connections; null when connections end with their queue.</summary>
    public SuspendedConnectionOwner? Suspended => suspended;

    public bool HasChanges => !_changes.IsEmpty;

    /// <summary>Gets the number of calls of <see cref="Schedule"/>. Thread-safe.</summary>
    public long Scheduled => Interlocked.Read(ref _scheduled);

    /// <summary>Sets the mover that serves requests on the ring thread. Ring thread only, once.</summary>
    public void Attach(ConnectionMover mover) => _mover = mover;

    public void Synchronize(ConnectionReceiver connection)
    {
        if (connection.Control.TryNoteChange())
        {
            _changes.Enqueue(connection);
            Threads.Interleave();
            thread.Signal();
        }
    }

    public void AwaitRoom(ConnectionReceiver connection) => thread.Post(() => _mover.AwaitRoom(connection), () => AwaitRoomWithoutQueue(connection));

    // Post runs its second argument instead of the first if the ring thread has ended. Both are the work, so that it always runs.
    public void Schedule(Action work)
    {
        Interlocked.Increment(ref _scheduled);
        thread.Post(work, work);
    }

    public void ReportFault(ConnectionReceiver connection, Exception exception) => events.Faulted(connection, exception);

    /// <summary>Determines whether work on closed connections has not ended. From now on, the end of the last work wakes the ring thread.</summary>
    public bool AwaitsLateWork()
    {
        _awaitsLateWork = true;
        // A full fence: either this thread sees the end of the work, or the thread that ends the work sees the flag.
        Interlocked.MemoryBarrier();
        return !_lateWork.IsEmpty;
    }

    public void BeginLateWork(ConnectionWork work)
    {
        _lateWork[work] = true;
        if (Interlocked.Exchange(ref _awaitsEnd, 1) == 0)
        {
            // One continuation serves all connections of the queue.
            _ = thread.Ended.ContinueWith(
                static (_, host) => Threads.RunOnPool(static host => ((ConnectionHost)host).AbandonLateWork(), host!),
                this,
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }
        else if (thread.Ended.IsCompleted)
        {
            AbandonLateWork();
        }
    }

    public void EndLateWork(ConnectionWork work)
    {
        // TryRemove is a full fence.
        if (_lateWork.TryRemove(work, out _) && _awaitsLateWork && _lateWork.IsEmpty)
        {
            thread.Signal();
        }
    }

    private void AbandonLateWork()
    {
        foreach (ConnectionWork work in _lateWork.Keys)
        {
            work.Abandon();
        }
    }

    /// <summary>Ends a stranded connection for which no queue was found.</summary>
    public void FailStranded(ConnectionReceiver connection) => thread.Post(() => _mover.FailStranded(connection));

    /// <summary>Handles the connections that other threads have changed. Ring thread only.</summary>
    public void TakeChanges()
    {
        for (int i = 0; i < ChangesPerTurn && !thread.IsAbandoned && _changes.TryDequeue(out ConnectionReceiver? connection); i++)
        {
            // The mark of the connection is cleared first, so that a change during the call queues the connection again.
            connection.Control.TakeChange();
            _mover.OnChanged(connection);
        }
    }

    /// <summary>Handles the queued changes after the ring thread has ended. A moved connection's change goes to its new queue.</summary>
    public void ForwardChanges()
    {
        while (_changes.TryDequeue(out ConnectionReceiver? connection))
        {
            connection.Control.TakeChange();
            if (connection.Control.Host != this)
            {
                connection.Control.Host.Synchronize(connection);
            }
            else
            {
                suspended?.Consider(connection);
            }
        }
    }

    /// <summary>Moves a connection of this queue to another queue. The caller allows only one move of a connection at a time.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="target">The other queue.</param>
    /// <param name="isRescue">Whether this move rescues a stranded connection. Such a move is given up if the connection is not
    /// stranded, and its target may be a draining queue.</param>
    /// <param name="watcher">Follows the move; null for none.</param>
    public Task<bool> MoveAsync(ConnectionReceiver connection, ConnectionHost target, bool isRescue = false, IMoveWatcher? watcher = null)
    {
        ConnectionMove move = new(this, target, isRescue) { Watcher = watcher };
        Begin(connection, move);
        return move.Done;
    }

    /// <summary>Transfers the socket of a connection to another owner. Must not be called while the connection is moving.</summary>
    public ConnectionMove Detach(ConnectionReceiver connection)
    {
        ConnectionMove move = new(this, null);
        Begin(connection, move);
        return move;
    }

    /// <summary>Adds a connection from another queue or from the suspended connections.</summary>
    public void Receive(ConnectionReceiver connection, ConnectionMove move) =>
        thread.Post(() => _mover.Arrive(connection, move), () => move.Source.TakeBack(connection, move));

    /// <summary>Takes a connection of this queue back, because the target of its move is closed.</summary>
    public void TakeBack(ConnectionReceiver connection, ConnectionMove move) => thread.Post(
        () =>
        {
            _mover.Arrive(connection, move);
            move.Refuse();
        },
        () => Abandon(connection, move));

    /// <summary>Begins a move again on the queue that has the connection now.</summary>
    public static void Continue(ConnectionReceiver connection, ConnectionMove move)
    {
        // Every host of a connection is a ConnectionHost.
        ConnectionHost host = (ConnectionHost)connection.Control.Host;
        move.Source = host;
        host.Begin(connection, move);
    }

    /// <summary>Moves a connection that is not on this queue: the queue has ended, or the connection has left.</summary>
    public void MoveWithoutQueue(ConnectionReceiver connection, ConnectionMove move)
    {
        if (suspended?.TrySend(connection, move) == true)
        {
            return;
        }

        if (connection.Control.Closed.IsCompleted)
        {
            move.GiveUp();
        }
        else if (suspended?.MoveOf(connection) is { } other)
        {
            // Another queue is about to resume the connection. This move continues from that queue.
            _ = other.Done.ContinueWith(
                _ => Threads.RunOnPool(static next =>
                {
                    (ConnectionReceiver connection, ConnectionMove move) = ((ConnectionReceiver, ConnectionMove))next;
                    Continue(connection, move);
                }, (connection, move)),
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }
        else if (connection.Control.Host != this)
        {
            Continue(connection, move);
        }
        else
        {
            move.GiveUp();
        }
    }

    private void Begin(ConnectionReceiver connection, ConnectionMove move) =>
        thread.Post(() => _mover.Begin(connection, move), () => MoveWithoutQueue(connection, move));

    /// <summary>Awaits room in the socket for a sender, after the ring thread has ended.</summary>
    private void AwaitRoomWithoutQueue(ConnectionReceiver connection)
    {
        if (suspended?.TryAwaitRoom(connection) == true)
        {
            return;
        }

        // The host must be read after the check above. A resumed connection gets its new host before it leaves the suspended connections.
        if (connection.Control.Host == this)
        {
            if (connection.Control.Sender.IsClosed)
            {
                connection.Control.Sender.OnWritable(0);
                return;
            }

            // The connection is on its way to another queue. The sender must wait for that queue, because a retry now would spin until it
            // arrives.
            connection.Control.AwaitsRoomOnArrival = true;
            // Pairs with the fence in Arrive: either the new queue sees AwaitsRoomOnArrival, or this thread sees the new queue.
            Interlocked.MemoryBarrier();
        }

        if (connection.Control.Host != this)
        {
            connection.Control.Host.AwaitRoom(connection);
        }
    }

    /// <summary>
    /// Ends a move whose source and target are both closed. No bytes were lost, so the connection is suspended if possible.
    /// </summary>
    private void Abandon(ConnectionReceiver connection, ConnectionMove move)
    {
        if (suspended is null)
        {
            SuspendedConnectionOwner.EndUnwanted(connection);
            move.GiveUp();
            return;
        }

        if (move.Suspended is { } waiting)
        {
            suspended.TakeBack(waiting, move.Target!);
        }
        else
        {
            suspended.Add(connection, this, move.AwaitsRoom);
        }

        suspended.Consider(connection);
        if (move.IsContinuation)
        {
            move.GiveUp();
        }
        else
        {
            move.Refuse();
        }
    }
}
