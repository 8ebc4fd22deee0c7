using System.Net;
using System.Net.Sockets;
using System.Reactive.Disposables;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Streams;

/// <summary>How streams end: in order, half, by reset, by our own hand, at any moment.</summary>
[Collection(SocketsCollection.Name)]
public class EndTests : IClassFixture<ResourceCheck>
{
    [Fact]
    public async Task A_reset_is_an_error_with_errno_and_position()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        Recorder recorder = new(peer.Stream);
        using IDisposable subscription = connection.Buffers.Subscribe(recorder);
        await peer.SendAsync(12_345);
        await recorder.ReachAsync(12_345);
        peer.Reset();

        ZcrxStreamException error = Assert.IsType<ZcrxStreamException>(await recorder.AssertFailedAsync());
        Assert.Equal("ECONNRESET", error.ErrorName);
        Assert.Equal(12_345, error.StreamOffset);
        Assert.Contains(connection.ToString(), error.Message, StringComparison.Ordinal);
        await connection.Closed.Within("the connection is closed");
    }

    [Fact]
    public async Task A_reset_closes_the_connection_even_if_an_end_would_not()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        connection.CloseWhenEnded = false;
        Recorder recorder = new(peer.Stream);
        using IDisposable subscription = connection.Buffers.Subscribe(recorder);
        await peer.SendAsync(1);
        await recorder.ReachAsync(1);
        peer.Reset();

        await recorder.AssertFailedAsync();
        await connection.Closed.Within("the connection is closed");
    }

    [Fact]
    public async Task After_the_peers_end_an_answer_can_be_sent()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            connection.CloseWhenEnded = false;
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAllAsync(5000);
            await recorder.AssertCompletedAsync(5000);
            Assert.False(connection.Closed.IsCompleted);

            await connection.SendAsync(new byte[] { 1, 2, 3 });
            connection.ShutdownSend();
            byte[] answer = new byte[10];
            Assert.Equal(3, await peer.Socket.ReceiveAsync(answer));
            Assert.Equal(0, await peer.Socket.ReceiveAsync(answer));
            connection.Dispose();
            await connection.Closed.Within("the connection is closed");
        }
    }

    [Fact]
    public async Task A_connection_may_change_its_mind_about_closing_after_the_end()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            connection.CloseWhenEnded = false;
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAllAsync(1);
            await recorder.AssertCompletedAsync(1);
            Assert.False(connection.Closed.IsCompleted);

            connection.CloseWhenEnded = true;
            await connection.Closed.Within("the connection is closed");
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Closing_ends_the_stream_with_the_position_that_was_delivered(bool abort)
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 64);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAsync(10_000);
            await recorder.ReachAsync(10_000);
            if (abort)
            {
                connection.Abort();
            }
            else
            {
                connection.Dispose();
            }

            ZcrxStreamException error = Assert.IsType<ZcrxStreamException>(await recorder.AssertFailedAsync());
            Assert.Equal(0, error.ErrorNumber);
            Assert.Equal(recorder.End, error.StreamOffset);
            Assert.Equal(abort, await peer.IsResetAsync());
            await connection.Closed.Within("the connection is closed");
        }
    }

    [Fact]
    public async Task What_nobody_got_does_not_count_as_delivered()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 64);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            using SingleAssignmentDisposable leaving = new();
            Recorder first = new(peer.Stream) { Then = _ => leaving.Dispose() };
            connection.Pause();
            leaving.Disposable = connection.Buffers.Subscribe(first);
            await peer.SendAsync(100_000);
            connection.Resume();
            await Deadline.UntilAsync(() => connection.BuffersHeld > 0, "buffers are kept for the next one");
            connection.Dispose();
            await connection.Closed.Within("the connection is closed");

            Recorder late = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(late);
            ZcrxStreamException error = Assert.IsType<ZcrxStreamException>(await late.AssertFailedAsync());
            Assert.Equal(first.End, error.StreamOffset);
        }
    }

    [Fact]
    public async Task Closing_in_order_and_then_with_a_reset_is_a_reset()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 64);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            // Both inside OnNext, so that the ring's thread has not closed it in between.
            Recorder recorder = new(peer.Stream)
            {
                Then = _ =>
                {
                    connection.Dispose();
                    connection.Abort();
                },
            };
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAsync(1);
            await recorder.AssertFailedAsync();
            Assert.True(await peer.IsResetAsync());
        }
    }

    [Fact]
    public async Task Closing_at_any_moment_from_any_thread_leaves_nothing()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 16);
        Random random = new(11);
        for (int round = 0; round < 40; round++)
        {
            (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
            using (peer)
            {
                Recorder recorder = new(peer.Stream);
                using IDisposable subscription = connection.Buffers.Subscribe(recorder);
                Task sending = peer.SendAllAsync(random.Next(1, 2_000_000));
                await recorder.ReachAsyncOrEnd(random.Next(0, 500_000));
                Parallel.Invoke(
                    connection.Dispose,
                    random.Next(2) == 0 ? connection.Abort : connection.Pause,
                    subscription.Dispose,
                    connection.Resume);
                await connection.Closed.Within("the connection is closed");
                recorder.AssertIntact();
                await Task.WhenAny(sending).Within("the sender notices");
                _ = sending.Exception;
            }
        }
    }

    [Fact]
    public async Task A_connection_that_never_says_anything_can_be_closed()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        (Peer silent, ZcrxConnection unobserved) = await queue.ConnectAsync();
        using (peer)
        using (silent)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            connection.Dispose();
            unobserved.Dispose();
            await connection.Closed.Within("the observed one is closed");
            await unobserved.Closed.Within("the other one is closed");
            Assert.False(await peer.IsResetAsync());
            await recorder.AssertFailedAsync();
        }
    }

    [Fact]
    public async Task Resets_by_the_kernel_end_one_stream()
    {
        EmulatedFaultPlan faults = new();
        await using TestQueue queue = await TestQueue.OpenAsync(configure: options => options with { Emulation = new EmulatedKernelOptions { Faults = faults } });
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            faults.ResetConnections(1);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAsync(1);
            ZcrxStreamException error = Assert.IsType<ZcrxStreamException>(await recorder.AssertFailedAsync());
            Assert.Equal("ECONNRESET", error.ErrorName);
        }
    }

    [Fact]
    public async Task A_socket_that_is_no_TCP_is_an_error_of_its_own_stream()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        Socket datagrams = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        datagrams.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        ZcrxConnection connection = await queue.Queue.AttachAsync(datagrams).Within("it is attached");
        Recorder recorder = new(0);
        using IDisposable subscription = connection.Buffers.Subscribe(recorder);

        ZcrxStreamException error = Assert.IsType<ZcrxStreamException>(await recorder.AssertFailedAsync());
        Assert.Equal("EPROTONOSUPPORT", error.ErrorName);
        await connection.Closed.Within("it is closed");
    }
}
