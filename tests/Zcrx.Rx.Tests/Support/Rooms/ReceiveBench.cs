using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Rx.Options;
using Zcrx.Rx.Pool;
using Zcrx.Rx.Receiving;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Tests.Support.Rooms;

/// <summary>Contains the pool and the receive scheduler of a queue. There is no ring, no socket and no thread.</summary>
internal sealed class ReceiveBench : IDelivery, IDisposable
{
    private readonly ReceiveTurn _turn = new();
    private int _nextDescriptor = 100;

    public ReceiveBench(int buffers, bool isOnNic = false, ZcrxQueueOptions? options = null)
    {
        Queue = new MemoryQueue(buffers);
        Context = ContextOf(options ?? TestQueue.Options(buffers), Clock, isOnNic);
        Pool = new BufferPool(Queue, isImported: false, Context, Events);
        Scheduler = new ReceiveScheduler(Table, Pool, Requests, this, new HangUpWatch(Requests), new StallReports(Context, Events), new LingeringClose(Context), _turn, Context);
    }

    public ManualClock Clock { get; } = new();

    public QueueContext Context { get; }

    public MemoryQueue Queue { get; }

    public RoomEvents Events { get; } = new();

    public MemoryRequests Requests { get; } = new();

    public MemoryHost Host { get; } = new();

    public SlotTable<ConnectionReceiver> Table { get; } = new();

    public BufferPool Pool { get; }

    public ReceiveScheduler Scheduler { get; }

    public static QueueContext ContextOf(ZcrxQueueOptions options, TimeProvider clock, bool isOnNic = false) =>
        new(new CurrentOptions(options), new RingClock(clock), new QueueCounters(), isOnNic);

    public void Deliver(ConnectionReceiver connection)
    {
    }

    /// <summary>Adds a connection with an observer. By default, the observer ignores its buffers.</summary>
    public ConnectionReceiver Connect(IObserver<ReceivedBuffer>? observer = null)
    {
        (int slot, uint generation) = Table.Reserve();
        ConnectionReceiver connection = new(Host, new MemorySocket(_nextDescriptor++), slot, slot, generation);
        Table.Set(slot, connection);
        connection.Stream.Subscribe(observer ?? new NullObserver());
        return connection;
    }

    /// <summary>Runs the first part of a turn, which ends where the ring would be entered.</summary>
    public void Turn()
    {
        Context.Clock.BeginTurn();
        while (Host.Changed.TryDequeue(out ConnectionReceiver? connection))
        {
            Scheduler.Reconcile(connection);
        }

        Queue.Ledger.Drain();
        Pool.Publish();
        Scheduler.WatchPool();
        Scheduler.ArmReceives();
        if (Pool.HasChanged)
        {
            Scheduler.WatchPool();
        }
    }

    /// <summary>Delivers bytes to a connection, in a batch of their own.</summary>
    public void Receive(ConnectionReceiver connection, int bytes)
    {
        _turn.Begin(wasRingFull: false);
        connection.BytesReceived += bytes;
        _turn.Add(connection);
        Scheduler.AfterTurn();
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

    public void Dispose() => Queue.Dispose();

    private sealed class NullObserver : IObserver<ReceivedBuffer>
    {
        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }

        public void OnNext(ReceivedBuffer value)
        {
        }
    }
}
