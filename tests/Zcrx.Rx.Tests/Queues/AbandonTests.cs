using System.Net;
using System.Net.Sockets;
using System.Reactive;
using System.Reactive.Linq;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Listening;
using Zcrx.Rx.Queues;
using Zcrx.Rx.Receiving;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Queues;

/// <summary>Tests that nothing waits for an abandoned ring thread, whether its callback returns later or never.</summary>
[Collection(SocketsCollection.Name)]
public class AbandonTests : IClassFixture<ResourceCheck>
{
    private const int Clients = 5;
    private const int Blocked = 500;

    [Fact]
    public async Task Clients_that_the_ring_of_an_abandoned_queue_has_accepted_are_reset_and_never_served()
    {
        using StuckCallback stuck = new();
        ZcrxQueue queue = await ZcrxQueue.OpenAsync(TestQueue.Options()).Within("the queue opens");
        using Socket listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        List<Peer> peers = [];
        for (int i = 0; i < Clients; i++)
        {
            // The peers connect before the queue listens, so that one accept request accepts all of them.
            peers.Add(await Peer.ConnectAsync(listener.LocalEndPoint!, i));
        }

        List<ZcrxConnection> served = [];
        using IDisposable accepting = queue.Listen(listener).Subscribe(connection =>
        {
            served.Add(connection);
            stuck.Run();
        });
        await stuck.Entered.Within("the handler of the first client blocks");

        Assert.True(queue.Loop.Abandon());

        foreach (Peer peer in peers)
        {
            Assert.True(await peer.IsResetAsync());
            peer.Dispose();
        }

        ZcrxConnection first = Assert.Single(served);
        await first.Finished.Within("the connection ends");
        stuck.Release();
        await Deadline.UntilAsync(() => first.Socket.SafeHandle.IsClosed, "the ring thread has left, and its sockets are closed");
        Assert.Single(served);
    }

    [Fact]
    public async Task Connection_and_listener_that_an_abandoned_ring_thread_adds_end_too()
    {
        using StuckCallback stuck = new();
        ZcrxQueue queue = await ZcrxQueue.OpenAsync(TestQueue.Options()).Within("the queue opens");
        using Socket server = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        server.Blocking = true;
        using Peer peer = await Peer.ConnectAsync(server.LocalEndPoint!, 0);
        Socket accepted = await server.AcceptAsync();
        TaskCompletionSource listenerEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ListenerEntry entry = new(SocketOwnership.Duplicate(server), Observer.Create<ConnectionReceiver>(static _ => { }, listenerEnded.SetResult), null);
        TaskCompletionSource<ConnectionReceiver> added = new(TaskCreationOptions.RunContinuationsAsynchronously);
        queue.Loop.Post(() =>
        {
            stuck.Run();
            queue.Loop.Owners.Listeners.Add(entry);
            added.SetResult(queue.Loop.Owners.Connections.Add(accepted));
        });
        await stuck.Entered.Within("the ring thread is stuck");
        Assert.True(queue.Loop.Abandon());
        stuck.Release();

        await listenerEnded.Task.Within("the listener ends");
        ConnectionReceiver connection = await added.Task.Within("the connection is added");
        await connection.Control.Work.Finished.Within("the connection ends");
        Assert.Contains("its queue was abandoned", Assert.IsType<ZcrxStreamException>(connection.Observers.Error).Message, StringComparison.Ordinal);
        Assert.True(await peer.IsResetAsync());
    }

    [Fact]
    public async Task Work_that_waits_for_a_callback_that_returns_after_its_queue_was_abandoned_does_not_run()
    {
        using StuckCallback stuck = new();
        ZcrxQueue queue = await ZcrxQueue.OpenAsync(TestQueue.Options()).Within("the queue opens");
        bool hasRun = false;
        TaskCompletionSource refused = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource left = new(TaskCreationOptions.RunContinuationsAsynchronously);
        queue.Loop.Post(() =>
        {
            stuck.Run();
            // The abandoned thread continues and posts work itself. The queue must refuse it.
            queue.Loop.Post(() => hasRun = true, refused.SetResult);
            left.SetResult();
        });
        await stuck.Entered.Within("the ring thread is stuck");

        Assert.True(queue.Loop.Abandon());
        stuck.Release();

        await left.Task.Within("the callback returns");
        await refused.Task.Within("the work is refused");
        Assert.False(hasRun);
    }

    [Fact]
    public async Task Observer_of_an_abandoned_queue_receives_the_error_although_its_subscription_is_disposed_at_once()
    {
        using StuckCallback stuck = new();
        TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            IDisposable subscription = connection.Buffers.Subscribe(recorder);
            queue.Queue.Loop.Post(stuck.Run);
            await stuck.Entered.Within("the ring thread is stuck");

            Assert.True(queue.Queue.Loop.Abandon());
            subscription.Dispose();

            Assert.Contains("its queue was abandoned", (await recorder.AssertFailedAsync()).Message, StringComparison.Ordinal);
            Assert.True(await peer.IsResetAsync());
            stuck.Release();
        }

        await queue.CloseAsync();
    }

    [Fact]
    public async Task Move_that_an_abandoned_queue_has_begun_ends_without_success()
    {
        using StuckCallback stuck = new();
        TestQueue source = await TestQueue.OpenAsync();
        await using TestQueue target = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await source.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAsync(1);
            await recorder.ReachAsync(1);
            using ManualResetEventSlim gate = new();
            source.Queue.Loop.Post(gate.Wait);
            Task<bool> moved = connection.MoveToAsync(target.Queue);
            source.Queue.Loop.Post(stuck.Run);
            // Lets the ring thread start the move, which cancels the receive. The posted callback then blocks the ring thread before the
            // receive has ended.
            gate.Set();
            await stuck.Entered.Within("the ring thread is stuck");

            Assert.True(source.Queue.Loop.Abandon());

            Assert.False(await moved.Within("the move ends"));
            Assert.IsType<ZcrxStreamException>(await recorder.AssertFailedAsync());
            stuck.Release();
        }

        await source.CloseAsync();
    }

    [Fact]
    public async Task Observers_that_wait_for_a_lock_of_the_stuck_callback_block_neither_the_thread_pool_nor_the_end_of_their_connections()
    {
        using StuckCallback stuck = new();
        Lock gate = new();
        TestQueue queue = await TestQueue.OpenAsync(buffers: 2 * Blocked);
        List<Peer> peers = [];
        List<ZcrxConnection> connections = [];
        int called = 0;
        int calledOnPool = 0;
        for (int i = 0; i < Blocked; i++)
        {
            (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
            peers.Add(peer);
            connections.Add(connection);
            _ = connection.Buffers.Subscribe(
                _ => Locked(gate, stuck.Run),
                _ =>
                {
                    Interlocked.Add(ref called, 1);
                    Interlocked.Add(ref calledOnPool, Thread.CurrentThread.IsThreadPoolThread ? 1 : 0);
                    Locked(gate, static () => { });
                });
        }

        await peers[0].SendAsync(1);
        await stuck.Entered.Within("the first observer blocks, and has the lock");

        Assert.True(queue.Queue.Loop.Abandon());

        await Task.WhenAll(Enumerable.Range(0, 2 * Environment.ProcessorCount).Select(static _ => Task.Run(static () => { }))).Within("the thread pool runs other work");
        await Task.WhenAll(connections.Select(static connection => connection.Finished)).Within("all connections end");
        // At most eight threads are blocked by observers, and none of them belongs to the thread pool.
        Assert.InRange(Volatile.Read(ref called), 1, 8);
        Assert.Equal(0, Volatile.Read(ref calledOnPool));
        Assert.Equal(Blocked - 1, await queue.Queue.Loop.MissedObservers.Within("the observers that did not return are counted"));
        stuck.Release();
        await Deadline.UntilAsync(() => connections.All(static connection => connection.Socket.SafeHandle.IsClosed), "the sockets are closed");
        peers.ForEach(static peer => peer.Dispose());
        await queue.CloseAsync();
    }

    [Fact]
    public async Task Listener_whose_observer_waits_for_a_lock_of_the_stuck_callback_does_not_block_the_thread_that_abandons()
    {
        using StuckCallback stuck = new();
        Lock gate = new();
        ZcrxQueue queue = await ZcrxQueue.OpenAsync(TestQueue.Options()).Within("the queue opens");
        using Socket listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using IDisposable accepting = queue.Listen(listener).Subscribe(_ => Locked(gate, stuck.Run), () => Locked(gate, static () => { }));
        using Peer peer = await Peer.ConnectAsync(listener.LocalEndPoint!, 0);
        await stuck.Entered.Within("the handler blocks, and has the lock");

        Assert.True(await Task.Run(queue.Loop.Abandon).Within("the queue is abandoned"));

        Assert.True(await peer.IsResetAsync());
        Assert.Equal(1, await queue.Loop.MissedObservers.Within("the observer of the listener is counted"));
        stuck.Release();
    }

    [Fact]
    public async Task Connection_whose_callback_blocks_at_the_end_of_its_stream_ends_with_its_abandoned_queue()
    {
        using StuckCallback stuck = new();
        ZcrxQueue queue = await ZcrxQueue.OpenAsync(TestQueue.Options()).Within("the queue opens");
        using Socket listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        ListenerGate gate = new("test", new ZcrxListenOptions());
        TaskCompletionSource<ZcrxConnection> accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using IDisposable accepting = queue.Listen(listener, gate).Subscribe(connection =>
        {
            _ = connection.Buffers.Subscribe(static _ => { }, _ => stuck.Run());
            accepted.SetResult(connection);
        });
        using Peer peer = await Peer.ConnectAsync(listener.LocalEndPoint!, 0);
        ZcrxConnection connection = await accepted.Task.Within("the connection is accepted");
        connection.Abort();
        await stuck.Entered.Within("OnError blocks");
        Assert.Equal(1, gate.Connections);

        Assert.True(queue.Loop.Abandon());

        await connection.Closed.Within("the connection is closed");
        await connection.Finished.Within("the connection ends");
        await Deadline.UntilAsync(() => gate.Connections == 0, "the listener does not count the connection any more");
        Assert.True(await peer.IsResetAsync());
        stuck.Release();
        await Deadline.UntilAsync(() => connection.Socket.SafeHandle.IsClosed, "the socket is closed");
    }

    [Fact]
    public async Task Second_observer_of_the_stuck_connection_receives_the_error_after_the_callback_has_returned()
    {
        using StuckCallback stuck = new();
        TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder first = new(peer.Stream) { Then = _ => stuck.Run() };
            Recorder second = new(peer.Stream);
            using IDisposable one = connection.Buffers.Subscribe(first);
            using IDisposable other = connection.Buffers.Subscribe(second);
            await peer.SendAsync(1);
            await stuck.Entered.Within("the first observer blocks");

            Assert.True(queue.Queue.Loop.Abandon());
            await connection.Finished.Within("the connection ends");
            Assert.False(first.HasEnded);
            stuck.Release();

            Assert.Contains("its queue was abandoned", (await second.AssertFailedAsync()).Message, StringComparison.Ordinal);
            Assert.Contains("its queue was abandoned", (await first.AssertFailedAsync()).Message, StringComparison.Ordinal);
        }

        await queue.CloseAsync();
    }

    [Fact]
    public async Task Fault_of_an_observer_that_receives_the_end_of_an_abandoned_queue_is_published()
    {
        using StuckCallback stuck = new();
        TestQueue queue = await TestQueue.OpenAsync();
        TaskCompletionSource<ConsumerFault> fault = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using IDisposable faults = queue.Queue.ConsumerFaults.Subscribe(fault.SetResult);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            using IDisposable subscription = connection.Buffers.Subscribe(static _ => { }, static _ => throw new InvalidOperationException("a test"));
            queue.Queue.Loop.Post(stuck.Run);
            await stuck.Entered.Within("the ring thread is stuck");

            Assert.True(queue.Queue.Loop.Abandon());

            Assert.Equal("a test", (await fault.Task.Within("the fault is published")).Exception.Message);
            Assert.Equal(0, await queue.Queue.Loop.MissedObservers.Within("all observers have returned"));
            stuck.Release();
        }

        await queue.CloseAsync();
    }

    [Fact]
    public async Task Last_frame_that_waits_on_an_abandoned_queue_ends_with_its_error()
    {
        using StuckCallback stuck = new();
        TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            TaskCompletionSource<Exception> failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
            // This observer pauses the connection at the end of the stream, before the framing operator is notified of the end.
            using IDisposable subscription = connection.Buffers
                .Do(static _ => { }, connection.Pause)
                .Frames(Delimiter.LineFeed, 100, new FramingOptions { DeliversUnterminated = true })
                .Subscribe(static _ => { }, failed.SetResult);
            await peer.Socket.SendAsync("last"u8.ToArray());
            peer.EndSending();
            await Deadline.UntilAsync(() => connection.BytesWaiting == "last".Length, "the last frame waits");
            queue.Queue.Loop.Post(stuck.Run);
            await stuck.Entered.Within("the ring thread is stuck");

            Assert.True(queue.Queue.Loop.Abandon());

            Assert.Contains("its queue was abandoned", (await failed.Task.Within("the observer ends")).Message, StringComparison.Ordinal);
            stuck.Release();
        }

        await queue.CloseAsync();
    }

    [Fact]
    public async Task Change_that_waits_for_a_callback_that_returns_after_its_queue_was_abandoned_is_not_served()
    {
        using StuckCallback stuck = new();
        TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection first) = await queue.ConnectAsync();
        (Peer otherPeer, ZcrxConnection other) = await queue.ConnectAsync();
        using (peer)
        using (otherPeer)
        {
            using IDisposable one = first.Buffers.Subscribe(static _ => { }, _ => stuck.Run());
            using IDisposable two = other.Buffers.Subscribe(static _ => { }, static _ => { });
            // The paused connection has no armed receive. After Abort, the ring thread therefore calls the observer of this connection
            // while it handles changed connections.
            first.Pause();
            await Deadline.UntilAsync(() => (first.ReceiveState, other.ReceiveState) == (ReceiveState.Idle, ReceiveState.Armed), "one connection receives");
            queue.Queue.Loop.Post(() =>
            {
                first.Abort();
                // Changes the other connection in the same turn, so that it waits behind the first one.
                other.Pause();
            });
            await stuck.Entered.Within("OnError blocks");

            Assert.True(queue.Queue.Loop.Abandon());
            stuck.Release();

            await Deadline.UntilAsync(() => first.Socket.SafeHandle.IsClosed && other.Socket.SafeHandle.IsClosed, "the ring thread has left");
            Assert.Equal(ReceiveState.Armed, other.ReceiveState);
        }

        await queue.CloseAsync();
    }

    private static void Locked(Lock gate, Action action)
    {
        lock (gate)
        {
            action();
        }
    }

    /// <summary>Represents a callback that blocks its thread until the test ends.</summary>
    private sealed class StuckCallback : IDisposable
    {
        private readonly ManualResetEventSlim _mayReturn = new();
        private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Entered => _entered.Task;

        public void Run()
        {
            _entered.TrySetResult();
            _mayReturn.Wait();
        }

        public void Release() => _mayReturn.Set();

        // The event is not disposed, because the ring thread may still wait for it.
        public void Dispose() => Release();
    }
}
