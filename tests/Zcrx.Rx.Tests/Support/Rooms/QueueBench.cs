using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Leases;
using Zcrx.Rx.Moving;
using Zcrx.Rx.Pool;
using Zcrx.Rx.Receiving;
using Zcrx.Rx.Ring;
using Zcrx.Rx.Stopping;

namespace Zcrx.Rx.Tests.Support.Rooms;

/// <summary>
/// Contains all components of a queue except the ring, its thread and the listeners. The test takes the role of the kernel.
/// </summary>
internal sealed class QueueBench : IDisposable
{
    private static long _lastId;

    private readonly Dictionary<ConnectionReceiver, int> _streams = [];
    private readonly Queue<ulong> _free = new();
    private int _consumed;

    public QueueBench(int buffers = 32, SuspendedConnectionOwner? suspended = null, bool isOnNic = false, MemoryQueue? imported = null, uint refillEntries = 16)
    {
        Queue = imported is null ? new MemoryQueue(buffers, refillEntries) : new MemoryQueue(imported);
        Context = ReceiveBench.ContextOf(TestQueue.Options(buffers), Clock, isOnNic);
        HangUpWatch hangUps = new(Requests);
        Sockets = new LingeringClose(Context);
        Pool = new BufferPool(Queue, Queue.IsImported, Context, Events);
        Sharing = new PoolSharing(Pool, Queue, Worker, Context);
        Phase = StopExecution.CreateMachine(Context.Clock);
        Host = new ConnectionHost(Worker, suspended, Context.Options, Events, null);
        Delivery = new Delivery(Queue.Areas, Pool, Table, Turn, Context);
        Scheduler = new ReceiveScheduler(Table, Pool, Requests, Delivery, hangUps, new StallReports(Context, Events), Sockets, Turn, Context);
        Mover = new ConnectionMover(Host, new ConnectionTable(Table, Host, Phase, Context), Scheduler, hangUps, Queue.Ledger, Phase, Context);
        Stop = new StopExecution(Phase, Ring, Ring, Table, Scheduler, Ring, Mover, Pool, Sharing, Sockets, Turn, Context, Host);
        Host.Attach(Mover);
        Worker.AfterEnd = Host.ForwardChanges;
        Ring.Handled = EndCancelled;
        for (int i = 0; i < buffers; i++)
        {
            _free.Enqueue((ulong)(i * Queue.BufferLength));
        }
    }

    public ManualClock Clock { get; } = new();

    public QueueContext Context { get; }

    public MemoryQueue Queue { get; }

    public MemoryWorker Worker { get; } = new();

    public MemoryRequests Requests { get; } = new();

    public MemoryRing Ring { get; } = new();

    public RoomEvents Events { get; } = new();

    public SlotTable<ConnectionReceiver> Table { get; } = new();

    public LingeringClose Sockets { get; }

    public ReceiveTurn Turn { get; } = new();

    public BufferPool Pool { get; }

    public PoolSharing Sharing { get; }

    public Delivery Delivery { get; }

    public ReceiveScheduler Scheduler { get; }

    public ConnectionHost Host { get; }

    public ConnectionMover Mover { get; }

    public StopMachine Phase { get; }

    public StopExecution Stop { get; }

    /// <summary>Gets the number of buffers that the kernel has and can fill.</summary>
    public int Free => _free.Count;

    /// <summary>Adds a connection, which receives the test stream with the given number.</summary>
    public ConnectionReceiver Connect(int stream, IObserver<ReceivedBuffer>? observer = null)
    {
        (int slot, uint generation) = Table.Reserve();
        long id = Interlocked.Increment(ref _lastId);
        ConnectionReceiver connection = new(Host, new MemorySocket((int)id), id, slot, generation);
        Table.Set(slot, connection);
        _streams[connection] = stream;
        if (observer is not null)
        {
            connection.Stream.Subscribe(observer);
        }

        return connection;
    }

    /// <summary>Makes the kernel of this bench deliver the bytes of a connection that has moved to this queue.</summary>
    public void Adopt(ConnectionReceiver connection, int stream) => _streams[connection] = stream;

    /// <summary>Runs the first part of a turn, which ends where the ring would be entered.</summary>
    public void Prepare()
    {
        Context.Clock.BeginTurn();
        Worker.Run();
        Host.TakeChanges();
        Sharing.TakeReturned();
        Scheduler.WatchPool();
        Scheduler.ArmReceives();
        Mover.CompleteMoves();
    }

    /// <summary>
    /// Fills one buffer for each connection in the list, and delivers these buffers in one batch. Stops when no buffer is free.
    /// </summary>
    /// <returns>The number of buffers that were delivered.</returns>
    public unsafe int Receive(params ReadOnlySpan<ConnectionReceiver> connections)
    {
        int count = int.Min(connections.Length, _free.Count);
        Dictionary<ConnectionReceiver, long> positions = [];
        Completion[] batch = new Completion[count];
        for (int i = 0; i < count; i++)
        {
            ConnectionReceiver connection = connections[i];
            int length = 1 + (i * 7 % 60);
            long position = positions.GetValueOrDefault(connection, connection.BytesReceived);
            positions[connection] = position + length;
            ulong offset = _free.Dequeue();
            Payload.At(_streams[connection], position, length).CopyTo(new Span<byte>(Queue.Areas.Address(offset), length));
            batch[i] = Completed(connection.ReceiveTag, offset, length);
        }

        Deliver(batch);
        return count;
    }

    /// <summary>Delivers a batch of completions with payload, as the dispatcher of the queue does.</summary>
    public unsafe void Deliver(Completion[] batch)
    {
        Turn.Begin(wasRingFull: false);
        fixed (Completion* first = batch)
        {
            while (Turn.Handled < batch.Length)
            {
                Delivery.Deliver(first + Turn.Handled, (uint)batch.Length - Turn.Handled);
            }
        }

        Turn.EndBatch();
        Scheduler.AfterTurn();
    }

    /// <summary>Creates a completion with payload.</summary>
    public static unsafe Completion Completed(ulong tag, ulong offset, int length)
    {
        Completion completion = default;
        byte* entry = (byte*)&completion;
        *(io_uring_cqe*)entry = new io_uring_cqe { user_data = tag, res = length, flags = LinuxIoUring.IORING_CQE_F_MORE };
        *(io_uring_zcrx_cqe*)(entry + 16) = new io_uring_zcrx_cqe { off = offset };
        return completion;
    }

    /// <summary>Removes a buffer from the free ones, for a completion that the test creates itself.</summary>
    public ulong TakeFree() => _free.Dequeue();

    /// <summary>Consumes the refill queue as the kernel does. Fails if a buffer is returned twice, or was not in flight.</summary>
    public void Refill()
    {
        Queue.Ledger.Drain();
        do
        {
            Pool.Publish();
            Pool.Flush();
            Pool.AppendPending();
        }
        while (Pool.HasPending);
        Pool.Publish();
        Pool.Flush();
        for (; _consumed < Queue.Consumed.Count; _consumed++)
        {
            ulong offset = Queue.Consumed[_consumed];
            Assert.DoesNotContain(offset, _free);
            _free.Enqueue(offset);
        }
    }

    /// <summary>Completes the receive of a connection for the last time, with a result.</summary>
    public void End(ConnectionReceiver connection, int result)
    {
        Requests.End(connection.ReceiveTag);
        Scheduler.OnReceiveEnded(connection, result);
    }

    /// <summary>Completes the receives whose cancellation was requested.</summary>
    public void EndCancelled()
    {
        foreach (ulong tag in Requests.Cancelled.ToArray())
        {
            UserData data = UserData.Decode(tag);
            End(Table.Find(data.Slot, data.Generation)!, -Errno.ECANCELED);
        }
    }

    /// <summary>Runs turns, and completes cancelled receives, until nothing changes any more.</summary>
    public void Settle()
    {
        do
        {
            Prepare();
            EndCancelled();
        }
        while (Worker.HasWork || Host.HasChanges || Scheduler.HasQueued || Requests.Cancelled.Count > 0);
        Prepare();
    }

    /// <summary>Ends the queue and its thread, after a failure if one is given.</summary>
    public void TearDown(Exception? crash = null)
    {
        Stop.TearDown(crash, Ring.Close);
        Worker.End();
        Host.ForwardChanges();
    }

    public void Dispose() => Queue.Dispose();
}
