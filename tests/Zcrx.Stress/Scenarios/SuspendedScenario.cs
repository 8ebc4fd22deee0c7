using Zcrx.Interop;
using Zcrx.Rx;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Stress.Scenarios;

/// <summary>Calls members of suspended connections while holding a lock. Observers of other connections take the same lock.</summary>
/// <remarks>No observer may be called inside such a call, and nothing may deadlock.</remarks>
internal sealed class SuspendedScenario : IStressScenario
{
    private const int Connections = 12;
    private const int Strangers = 2;

    // The connection that this thread is calling; null outside a call.
    [ThreadStatic]
    private static ZcrxConnection? _called;

    public string Name => "suspended";

    public long Run(StressRun run) => run.RepeatAsync(RoundAsync).GetAwaiter().GetResult();

    private static async Task<int> RoundAsync(Random random)
    {
        using ZcrxSuspendedConnections suspended = new();
        TestQueue queue = await TestQueue.OpenAsync(suspended: suspended);
        Lock users = new();
        List<Peer> peers = [];
        List<ZcrxConnection> connections = [];
        List<Observer> observers = [];
        for (int i = 0; i < Connections; i++)
        {
            (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
            peers.Add(peer);
            connections.Add(connection);
            Observer observer = new(users);
            observers.Add(observer);
            _ = connection.Buffers.Subscribe(observer);
        }

        Task suspending = queue.Queue.SuspendAsync();
        if (random.Next(4) > 0)
        {
            await suspending.Within("the queue is suspended");
        }

        List<Task> strangers = [];
        for (int i = 0; i < Strangers; i++)
        {
            int seed = random.Next();
            // The callers have threads of their own, because they may block. The observers need the threads of the pool.
            strangers.Add(Task.Factory.StartNew(() => CallAll(connections, users, new Random(seed)), default, TaskCreationOptions.LongRunning, TaskScheduler.Default));
        }

        await Task.WhenAll(strangers).Within("no call on a connection blocks; this is a deadlock");
        await suspending.Within("the queue is suspended");
        connections.ForEach(static connection => connection.Abort());
        await Task.WhenAll(connections.Select(static connection => connection.Closed)).Within("all connections are closed");
        await Deadline.UntilAsync(() => observers.TrueForAll(static observer => observer.Ends == 1), "each observer gets the end");
        StressRun.Require(!observers.Exists(static observer => observer.WasInCall), "no observer runs inside of a call on another connection");
        peers.ForEach(static peer => peer.Dispose());
        await queue.CloseAsync();
        return observers.Count;
    }

    private static void CallAll(List<ZcrxConnection> connections, Lock users, Random random)
    {
        for (int i = 0; i < 2 * connections.Count; i++)
        {
            ZcrxConnection connection = connections[random.Next(connections.Count)];
            lock (users)
            {
                _called = connection;
                Call(connection, random);
                _called = null;
            }
        }
    }

    private static void Call(ZcrxConnection connection, Random random)
    {
        switch (random.Next(5))
        {
            case 0:
                connection.Buffers.Subscribe(new Observer(null)).Dispose();
                break;
            case 1:
                connection.Pause();
                break;
            case 2:
                connection.Resume();
                break;
            case 3:
                connection.Abort();
                break;
            default:
                connection.Dispose();
                break;
        }
    }

    /// <summary>Represents an observer that takes the application's lock at the end of its stream.</summary>
    /// <param name="users">The lock, or null for none. An observer that a tested call subscribes has none, because its stream may end
    /// inside that call.</param>
    private sealed class Observer(Lock? users) : IObserver<ReceivedBuffer>
    {
        private int _ends;

        public int Ends => Volatile.Read(ref _ends);

        public bool WasInCall { get; private set; }

        public void OnNext(ReceivedBuffer value)
        {
        }

        public void OnError(Exception error) => End();

        public void OnCompleted() => End();

        private void End()
        {
            if (users is null)
            {
                return;
            }

            WasInCall |= _called is not null;
            lock (users)
            {
                Interlocked.Increment(ref _ends);
            }
        }
    }
}
