using System.Collections.Concurrent;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Streams;

/// <summary>Tests calls on suspended connections.</summary>
[Collection(SocketsCollection.Name)]
public class SuspendedTests : IClassFixture<ResourceCheck>
{
    [Fact]
    public async Task Observers_of_other_connections_never_run_on_the_callers_stack()
    {
        using ZcrxSuspendedConnections suspended = new();
        TestQueue queue = await TestQueue.OpenAsync(suspended: suspended);
        ConcurrentQueue<int> threads = new();
        List<Peer> peers = [];
        List<ZcrxConnection> connections = [];
        for (int i = 0; i < 40; i++)
        {
            (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
            peers.Add(peer);
            connections.Add(connection);
            _ = connection.Buffers.Subscribe(static _ => { }, _ => threads.Enqueue(Environment.CurrentManagedThreadId));
        }

        await queue.Queue.SuspendAsync().Within("the queue is suspended");
        int caller = 0;
        Thread thread = new(() =>
        {
            caller = Environment.CurrentManagedThreadId;
            foreach (ZcrxConnection connection in connections)
            {
                connection.Abort();
                // The queue has ended. Pause stands for any call that still notifies it of a change.
                connections[0].Pause();
            }
        });
        thread.Start();
        thread.Join();
        await Task.WhenAll(connections.Select(static connection => connection.Closed)).Within("all are closed");
        Assert.Equal(connections.Count, threads.Count);
        Assert.DoesNotContain(caller, threads);
        peers.ForEach(static peer => peer.Dispose());
        await queue.CloseAsync();
    }

    [Fact]
    public async Task A_move_while_the_queue_is_suspended_arrives_unless_the_connection_has_ended()
    {
        for (int i = 0; i < 60; i++)
        {
            using ZcrxSuspendedConnections suspended = new();
            TestQueue queue = await TestQueue.OpenAsync(suspended: suspended);
            await using TestQueue successor = await TestQueue.OpenAsync();
            await using TestQueue target = await TestQueue.OpenAsync();
            (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
            using (peer)
            {
                Recorder recorder = new(peer.Stream);
                using IDisposable subscription = connection.Buffers.Subscribe(recorder);
                Task<int> continuing = suspended.ContinueOnAsync(successor.Queue);
                Task suspending = Task.Run(() => queue.Queue.SuspendAsync());
                if (i % 3 > 0)
                {
                    await Task.Yield();
                }

                Assert.True(await connection.MoveToAsync(target.Queue).Within("the move has an outcome"), $"round {i}: the connection is open and was not moved");
                await suspending.Within("the queue is suspended");
                await continuing.Within("the others continue");
                await peer.SendAllAsync(10_000);
                await recorder.AssertCompletedAsync(10_000);
                await queue.CloseAsync();
            }
        }
    }

    [Fact]
    public async Task A_send_that_waits_while_its_connection_moves_to_a_busy_queue_completes_there()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        await using TestQueue busy = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        using (ManualResetEventSlim release = new())
        {
            const int Total = 16 << 20;
            busy.Queue.Loop.Post(() => release.Wait(Deadline.Limit));
            Task<bool> moving = connection.MoveToAsync(busy.Queue);
            await Deadline.UntilAsync(() => connection.State == ZcrxConnectionState.Moving, "the move begins");
            Task sending = connection.SendAsync(new byte[Total]).AsTask();
            await Deadline.UntilAsync(() => peer.Socket.Available > 0, "the socket fills");
            Assert.False(sending.IsCompleted);
            release.Set();
            Assert.True(await moving.Within("the move ends"));
            byte[] buffer = new byte[1 << 20];
            for (int received = 0; received < Total;)
            {
                received += await peer.Socket.ReceiveAsync(buffer).Within("the bytes arrive");
            }

            await sending.Within("the send ends");
            connection.Abort();
            await connection.Closed.Within("the connection is closed");
        }
    }
}
