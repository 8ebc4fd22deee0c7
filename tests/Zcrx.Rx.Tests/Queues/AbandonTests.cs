using System.Net;
using System.Net.Sockets;
using System.Reactive;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Listening;
using Zcrx.Rx.Queues;
using Zcrx.Rx.Receiving;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Queues;

/// <summary>Tests that nothing waits for a ring thread that was abandoned, whether its callback returns or not.</summary>
[Collection(SocketsCollection.Name)]
public class AbandonTests : IClassFixture<ResourceCheck>
{
    private const int Clients = 5;

    [Fact]
    public async Task Clients_that_the_ring_of_an_abandoned_queue_has_accepted_are_reset_and_never_served()
    {
        using StuckCallback stuck = new();
        ZcrxQueue queue = await ZcrxQueue.OpenAsync(TestQueue.Options()).Within("the queue opens");
        using Socket listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        List<Peer> peers = [];
        for (int i = 0; i < Clients; i++)
        {
            // They wait in the backlog, so that one request accepts them all.
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
    public async Task Connection_and_listener_that_an_abandoned_ring_thread_adds_end_all_the_same()
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
    public async Task Work_behind_a_callback_that_returns_after_its_queue_was_abandoned_does_not_run()
    {
        using StuckCallback stuck = new();
        ZcrxQueue queue = await ZcrxQueue.OpenAsync(TestQueue.Options()).Within("the queue opens");
        bool hasRun = false;
        TaskCompletionSource refused = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource left = new(TaskCreationOptions.RunContinuationsAsynchronously);
        queue.Loop.Post(() =>
        {
            stuck.Run();
            // Posted by the ring thread itself, after its queue was abandoned.
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
            // The move begins, and the thread is stuck before the receive has ended.
            gate.Set();
            await stuck.Entered.Within("the ring thread is stuck");

            Assert.True(source.Queue.Loop.Abandon());

            Assert.False(await moved.Within("the move ends"));
            Assert.IsType<ZcrxStreamException>(await recorder.AssertFailedAsync());
            stuck.Release();
        }

        await source.CloseAsync();
    }

    /// <summary>Represents a callback that does not return until the test ends.</summary>
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

        // Not disposed: the ring thread may still be inside.
        public void Dispose() => Release();
    }
}
