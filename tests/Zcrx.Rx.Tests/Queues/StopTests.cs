using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Reactive.Linq;
using System.Reactive.Threading.Tasks;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Queues;

/// <summary>Tests that a queue ends in order or by a failure, at any moment. Also tests calls after its end.</summary>
[Collection(SocketsCollection.Name)]
public class StopTests : IClassFixture<ResourceCheck>
{
    [Fact]
    public async Task Disposing_ends_active_connections_with_an_error()
    {
        TestQueue queue = await TestQueue.OpenAsync(buffers: 16);
        List<Recorder> recorders = [];
        List<Peer> peers = [];
        for (int i = 0; i < 8; i++)
        {
            (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
            Recorder recorder = new(peer.Stream);
            _ = connection.Buffers.Subscribe(recorder);
            peers.Add(peer);
            recorders.Add(recorder);
        }

        Task[] sending = [.. peers.Select(static peer => peer.SendAllAsync(long.MaxValue))];
        await recorders[0].ReachAsync(100_000);
        await queue.CloseAsync();
        await queue.Queue.DisposeAsync();
        await queue.Queue.Completion.Within("the ring thread has ended");
        foreach (Recorder recorder in recorders)
        {
            ZcrxStreamException error = Assert.IsType<ZcrxStreamException>(await recorder.AssertFailedAsync());
            Assert.Equal(recorder.End, error.StreamOffset);
        }

        await Task.WhenAll(sending).Within("the senders receive the error");
        Assert.All(peers, static peer => Assert.True(peer.WasReset));
        peers.ForEach(static peer => peer.Dispose());
    }

    [Theory]
    [InlineData("7.1")]
    [InlineData("7.3")]
    public async Task Stop_delivers_the_bytes_that_had_arrived(string profile)
    {
        TestQueue queue = await TestQueue.OpenAsync(buffers: 4, EmulatedKernelProfile.ForRelease(profile));
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        (Peer open, ZcrxConnection openConnection) = await queue.ConnectAsync();
        using (peer)
        using (open)
        {
            await peer.SendAllAsync(200_000);
            await open.SendAsync(200_000);
            Recorder recorder = new(peer.Stream);
            Recorder cut = new(open.Stream);
            using IDisposable one = connection.Buffers.Subscribe(recorder);
            using IDisposable two = openConnection.Buffers.Subscribe(cut);
            await queue.Queue.StopAsync(TimeSpan.MaxValue).Within("the queue stops");

            await recorder.AssertCompletedAsync(200_000);
            ZcrxStreamException error = Assert.IsType<ZcrxStreamException>(await cut.AssertFailedAsync());
            Assert.Equal(200_000, error.StreamOffset);
            Assert.Equal(200_000, cut.End);
        }

        await queue.DisposeAsync();
    }

    [Fact]
    public async Task Stopping_waits_for_leases_and_disposing_does_not()
    {
        TestQueue queue = await TestQueue.OpenAsync(buffers: 4);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            ConcurrentQueue<BufferLease> leases = new();
            Recorder recorder = new(peer.Stream) { Then = buffer => leases.Enqueue(buffer.Retain()) };
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAsync(100);
            await recorder.ReachAsync(100);
            Task stopping = queue.Queue.StopAsync(TimeSpan.FromMinutes(10));
            await Deadline.UntilAsync(() => !CanConnect(queue.EndPoint) || !stopping.IsCompleted, "the queue stops accepting");
            Assert.False(stopping.IsCompleted);

            await queue.CloseAsync();
            await stopping.Within("stopping ends as well");
            foreach (BufferLease lease in leases)
            {
                lease.Dispose();
            }
        }
    }

    [Fact]
    public async Task Stop_ends_when_the_leases_are_released()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 4);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            ConcurrentQueue<BufferLease> leases = new();
            Recorder recorder = new(peer.Stream) { Then = buffer => leases.Enqueue(buffer.Retain()) };
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAsync(100);
            await recorder.ReachAsync(100);
            Task stopping = queue.Queue.StopAsync(TimeSpan.FromMinutes(10));
            foreach (BufferLease lease in leases)
            {
                lease.Dispose();
            }

            await stopping.Within("the queue stops");
        }
    }

    [Fact]
    public async Task Closed_queue_refuses_calls_with_a_clear_error()
    {
        TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            await queue.CloseAsync();
            await AssertRefusesAsync(queue.Queue);

            connection.Pause();
            connection.Resume();
            connection.Abort();
            connection.Dispose();
            await connection.Closed.Within("the connection is closed");
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            Assert.IsType<ZcrxStreamException>(await recorder.AssertFailedAsync());
            await Assert.ThrowsAnyAsync<ObjectDisposedException>(() => connection.SendAsync(new byte[1]).AsTask());
            Assert.Equal(0, queue.Queue.Snapshot().Connections);
        }

        Assert.Equal(PoolPressureLevel.Normal, queue.Queue.Snapshot().Pressure);
        Assert.Empty(queue.Queue.LeaseOrigins());
        await queue.Queue.Pressure.DefaultIfEmpty().ToTask().Within("the levels end");
        await queue.Queue.Notifications.DefaultIfEmpty().ToTask().Within("the notifications end");
        await queue.Queue.ConsumerFaults.DefaultIfEmpty().ToTask().Within("the faults end");
        await queue.Queue.Statistics.DefaultIfEmpty().ToTask().Within("the samples end");
    }

    [Fact]
    public async Task Call_while_the_ring_thread_ends_completes()
    {
        HookedKernel kernel = new();
        TestQueue queue = await TestQueue.OpenAsync(kernel: kernel);
        using ManualResetEventSlim closing = new();
        using ManualResetEventSlim goOn = new();
        kernel.Closing = () =>
        {
            closing.Set();
            goOn.Wait(Deadline.Limit);
        };
        Task disposing = queue.CloseAsync();
        await Deadline.UntilAsync(() => closing.IsSet, "the ring is being closed");
        Task refused = AssertRefusesAsync(queue.Queue);
        goOn.Set();
        await refused.Within("every caller is refused");
        await disposing;
    }

    [Fact]
    public async Task Attach_and_listen_that_race_with_the_end_always_complete()
    {
        for (int round = 0; round < 30; round++)
        {
            TestQueue queue = await TestQueue.OpenAsync();
            Task[] asking = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
            {
                while (!queue.Queue.Completion.IsCompleted)
                {
                    using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
                    try
                    {
                        (await queue.Queue.AttachAsync(socket)).Dispose();
                    }
                    catch (ObjectDisposedException)
                    {
                        return;
                    }
                }
            }))];
            await queue.CloseAsync();
            await Task.WhenAll(asking).Within("every caller receives an answer");
        }
    }

    [Fact]
    public async Task Queue_closes_although_the_kernel_ignores_cancellations()
    {
        HookedKernel kernel = new() { IgnoresCancels = true };
        TestQueue queue = await TestQueue.OpenAsync(kernel: kernel);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAsync(1);
            await recorder.ReachAsync(1);
            await queue.CloseAsync();
            await recorder.AssertFailedAsync();
        }
    }

    [Fact]
    public async Task Snapshot_while_the_queue_closes_is_safe()
    {
        for (int round = 0; round < 20; round++)
        {
            TestQueue queue = await TestQueue.OpenAsync();
            using CancellationTokenSource enough = new();
            Task looking = Task.Run(() =>
            {
                while (!enough.IsCancellationRequested)
                {
                    _ = queue.Queue.Snapshot();
                }
            });
            await queue.CloseAsync();
            await enough.CancelAsync();
            await looking;
        }
    }

    [Fact]
    public async Task Counters_stay_after_the_end()
    {
        TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAllAsync(100_000);
            await recorder.AssertCompletedAsync(100_000);
        }

        QueueStatistics before = queue.Queue.Snapshot();
        await queue.CloseAsync();
        QueueStatistics after = queue.Queue.Snapshot();
        Assert.Equal(100_000, after.BytesReceived);
        Assert.Equal(before.CopiedBytes, after.CopiedBytes);
        Assert.NotEqual(0, after.CopiedBytes);
    }

    private static async Task AssertRefusesAsync(ZcrxQueue queue)
    {
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        IPEndPoint endPoint;
        using (Socket free = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0)))
        {
            endPoint = (IPEndPoint)free.LocalEndPoint!;
        }

        Task attaching = queue.AttachAsync(socket);
        Task listening = queue.Listen(endPoint).DefaultIfEmpty().ToTask();
        Task stopping = queue.StopAsync(TimeSpan.Zero);
        await Assert.ThrowsAnyAsync<ObjectDisposedException>(() => attaching.Within("attaching is answered"));
        await listening.Within("listening is answered");
        await stopping.Within("stopping ends");
        // The port must be free again.
        ListenSocket.Bind(endPoint).Dispose();
    }

    private static bool CanConnect(EndPoint endPoint)
    {
        try
        {
            using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
            socket.Connect(endPoint);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
