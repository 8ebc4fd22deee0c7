using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Reactive.Linq;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Streams;

/// <summary>Tests that an observer that throws affects no other observer and no other connection.</summary>
[Collection(SocketsCollection.Name)]
public class FaultyObserverTests : IClassFixture<ResourceCheck>
{
    [Fact]
    public async Task Observer_that_throws_ends_its_stream_and_connection_and_others_continue()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 8);
        (Peer bad, ZcrxConnection badConnection) = await queue.ConnectAsync();
        (Peer good, ZcrxConnection goodConnection) = await queue.ConnectAsync();
        using (bad)
        using (good)
        {
            InvalidOperationException fault = new("a consumer's mistake");
            Recorder thrower = new(bad.Stream) { Then = _ => throw fault };
            Recorder other = new(good.Stream);
            using IDisposable one = badConnection.Buffers.Subscribe(thrower);
            using IDisposable two = goodConnection.Buffers.Subscribe(other);
            await good.SendAsync(100_000);
            await bad.SendAsync(100_000);

            Assert.Same(fault, await thrower.AssertFailedAsync());
            Assert.Equal(1, thrower.Buffers);
            Assert.True(await bad.IsResetAsync());
            await badConnection.Closed.Within("the connection is closed");

            await good.SendAllAsync(100_000);
            await other.AssertCompletedAsync(200_000);
            Assert.False(queue.Queue.Completion.IsCompleted);
        }
    }

    [Fact]
    public async Task Observer_that_throws_does_not_affect_another_observer_of_the_connection()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 8);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder thrower = new(peer.Stream) { Then = static _ => throw new InvalidOperationException("a consumer's mistake") };
            Recorder other = new(peer.Stream);
            using IDisposable one = connection.Buffers.Subscribe(thrower);
            using IDisposable two = connection.Buffers.Subscribe(other);
            await peer.SendAllAsync(100_000);

            Assert.IsType<InvalidOperationException>(await thrower.AssertFailedAsync());
            await other.AssertCompletedAsync(100_000);
        }
    }

    [Fact]
    public async Task Only_the_last_observer_decides_whether_the_connection_is_lost()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 8);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder thrower = new(peer.Stream) { Then = static _ => throw new InvalidOperationException("a consumer's mistake") };
            Recorder healthy = new(peer.Stream);
            using IDisposable one = connection.Buffers.Subscribe(thrower);
            IDisposable two = connection.Buffers.Subscribe(healthy);
            await peer.SendAsync(1000);
            await thrower.AssertFailedAsync();
            await healthy.ReachAsync(1000);

            // The other observer did not fail, so a new observer may replace it.
            two.Dispose();
            Recorder next = new(peer.Stream);
            using IDisposable three = connection.Buffers.Subscribe(next);
            await peer.SendAllAsync(1000);
            await next.AssertCompletedAsync(2000);
            Assert.Equal(1000, next.Start);
        }
    }

    [Fact]
    public async Task Fault_without_a_handler_is_reported_to_the_owner_of_the_queue()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 8);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            TaskCompletionSource<ConsumerFault> told = new(TaskCreationOptions.RunContinuationsAsynchronously);
            using IDisposable faults = queue.Queue.ConsumerFaults.Subscribe(fault => told.TrySetResult(fault));
            // The subscription has no OnError, so Rx throws the error.
            using IDisposable subscription = connection.Buffers.Subscribe(static _ => throw new InvalidOperationException("a consumer's mistake"));
            await peer.SendAsync(1);

            ConsumerFault fault = await told.Task.Within("the fault is reported");
            Assert.Same(connection, fault.Connection);
            Assert.Equal("a consumer's mistake", fault.Exception.Message);
            Assert.True(await peer.IsResetAsync());
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Exception_of_an_observer_with_an_error_handler_is_reported_once(bool handlerThrows)
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 8);
        ConcurrentQueue<string> reported = new();
        using IDisposable faults = queue.Queue.ConsumerFaults.Subscribe(fault => reported.Enqueue(fault.Exception.Message));
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            List<string> handled = [];
            using IDisposable subscription = connection.Buffers.Subscribe(
                static _ => throw new InvalidOperationException("a consumer's mistake"),
                error =>
                {
                    handled.Add(error.Message);
                    if (handlerThrows)
                    {
                        throw new InvalidOperationException("a handler's mistake");
                    }
                });
            await peer.SendAsync(1);

            Assert.True(await peer.IsResetAsync());
            await connection.Finished.Within("the connection ends");
            Assert.Equal(["a consumer's mistake"], handled);
            Assert.Equal(handlerThrows ? ["a consumer's mistake", "a handler's mistake"] : ["a consumer's mistake"], reported);
        }
    }

    [Fact]
    public async Task Observer_that_throws_at_the_end_of_a_stream_affects_no_other_stream()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 8);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        (Peer other, ZcrxConnection otherConnection) = await queue.ConnectAsync();
        using (peer)
        using (other)
        {
            Recorder ending = new(peer.Stream) { AtEnd = static () => throw new InvalidOperationException("a consumer's mistake") };
            Recorder going = new(other.Stream);
            using IDisposable one = connection.Buffers.Subscribe(ending);
            using IDisposable two = otherConnection.Buffers.Subscribe(going);
            await peer.SendAllAsync(1000);
            await ending.AssertCompletedAsync(1000);
            await connection.Closed.Within("the connection is closed");

            await other.SendAllAsync(1000);
            await going.AssertCompletedAsync(1000);
        }
    }

    [Fact]
    public async Task A_fault_in_a_kept_buffer_counts_like_any_other()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 32);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            connection.Pause();
            using (connection.Buffers.Take(1).Subscribe(static _ => { }))
            {
                await peer.SendAsync(100_000);
                connection.Resume();
                await Deadline.UntilAsync(() => connection.BuffersLeased > 0, "buffers are kept");
            }

            Recorder thrower = new(peer.Stream) { Then = static _ => throw new InvalidOperationException("a consumer's mistake") };
            using IDisposable subscription = connection.Buffers.Subscribe(thrower);
            await thrower.AssertFailedAsync();
            Assert.Equal(1, thrower.Buffers);
            Assert.True(await peer.IsResetAsync());
            await queue.AllReturnedAsync();
        }
    }

    [Fact]
    public async Task A_handler_of_new_connections_that_throws_loses_its_connection_only()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 8);
        TaskCompletionSource<ZcrxConnection> second = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int accepted = 0;
        using Socket listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using IDisposable accepting = queue.Queue.Listen(listener).Subscribe(connection =>
        {
            if (Interlocked.Increment(ref accepted) == 1)
            {
                throw new InvalidOperationException("a handler's mistake");
            }

            second.TrySetResult(connection);
        });

        try
        {
            using Peer peer = await Peer.ConnectAsync(listener.LocalEndPoint!, 1);
            Assert.True(await peer.IsResetAsync());
        }
        catch (SocketException exception)
        {
            // The reset arrived before the connect call returned.
            Assert.Equal(SocketError.ConnectionReset, exception.SocketErrorCode);
        }

        using Peer next = await Peer.ConnectAsync(listener.LocalEndPoint!, 2);
        ZcrxConnection connection = await second.Task.Within("the next connection is accepted");
        Recorder recorder = new(2);
        using IDisposable subscription = connection.Buffers.Subscribe(recorder);
        await next.SendAllAsync(1000);
        await recorder.AssertCompletedAsync(1000);
    }

    [Fact]
    public async Task Observer_of_queue_events_that_throws_is_reported_and_others_receive_all_events()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 2);
        TaskCompletionSource<ConsumerFault> told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using IDisposable faults = queue.Queue.ConsumerFaults.Subscribe(fault => told.TrySetResult(fault));
        using IDisposable throwing = queue.Queue.Notifications.Subscribe(static _ => throw new InvalidOperationException("a listener's mistake"));
        int heard = 0;
        using IDisposable hearing = queue.Queue.Notifications.Subscribe(_ => Interlocked.Increment(ref heard));
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAllAsync(10_000);
            await recorder.AssertCompletedAsync(10_000);
        }

        ConsumerFault fault = await told.Task.Within("the fault is reported");
        Assert.Null(fault.Connection);
        Assert.Equal(1, Volatile.Read(ref heard));
    }
}
