using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Reactive.Linq;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Streams;

/// <summary>Tests that the library detects the end of every connection, whatever its consumer does, and releases everything.</summary>
[Collection(SocketsCollection.Name)]
public class EndTests : IClassFixture<ResourceCheck>
{
    private const int Peers = 50;

    /// <summary>Gets the names of consumers that stop early or fail.</summary>
    public static TheoryData<string, bool> Consumers
    {
        get
        {
            TheoryData<string, bool> consumers = [];
            foreach (string consumer in Handlers.Keys)
            {
                consumers.Add(consumer, true);
                consumers.Add(consumer, false);
            }

            return consumers;
        }
    }

    private static readonly Dictionary<string, Action<ZcrxConnection>> Handlers = new(StringComparer.Ordinal)
    {
        ["a frame that is too long, without an error handler"] = static connection => connection.Buffers.Frames(LengthPrefix.UInt32BigEndian, 1 << 20).Subscribe(static _ => { }),
        ["a frame that is too long, with an error handler"] = static connection => connection.Buffers.Frames(LengthPrefix.UInt32BigEndian, 1 << 20).Subscribe(static _ => { }, static _ => { }),
        ["an observer that throws"] = static connection => connection.Buffers.Subscribe(static _ => throw new InvalidOperationException("on purpose")),
        ["an operator that throws, without an error handler"] = static connection => connection.Buffers.Select(static int (_) => throw new InvalidOperationException("on purpose")).Subscribe(),
        ["an operator that throws, with an error handler"] = static connection => connection.Buffers.Select(static int (_) => throw new InvalidOperationException("on purpose")).Subscribe(static _ => { }, static _ => { }),
        ["an operator that has enough"] = static connection => connection.Buffers.Take(1).Subscribe(static _ => { }, static _ => { }),
        ["an operator that times out"] = static connection => connection.Buffers.Where(static _ => false).Select(static _ => 0).Timeout(TimeSpan.FromMilliseconds(30)).Subscribe(static _ => { }, static _ => { }),
        ["no subscription"] = static _ => { },
        ["a pause before the subscription"] = static connection =>
        {
            connection.Pause();
            connection.Buffers.Subscribe(static _ => { }, static _ => { });
        },
        ["a pause without a subscription"] = static connection => connection.Pause(),
    };

    [Theory]
    [MemberData(nameof(Consumers))]
    public async Task Connections_and_sockets_close_after_their_peers_have_disconnected(string consumer, bool resets)
    {
        // A paused connection with a subscription stays open while it has unread bytes. In this case, the peers therefore send nothing.
        byte[] bytes = consumer == "a pause before the subscription" ? [] : [0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3];
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 256);
        // The listener has armed its accept request when the first connection is accepted. Only then are sockets counted.
        (Peer first, ZcrxConnection firstConnection) = await queue.ConnectAsync();
        first.Reset();
        firstConnection.Abort();
        await firstConnection.Closed.Within("the first connection is closed");
        first.Dispose();
        int before = OpenSockets();
        List<Peer> peers = [];
        List<ZcrxConnection> connections = [];
        for (int i = 0; i < Peers; i++)
        {
            (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
            Handlers[consumer](connection);
            await SendAsync(peer.Socket, bytes);
            peers.Add(peer);
            connections.Add(connection);
        }

        await Deadline.UntilAsync(() => connections.TrueForAll(static connection => connection.BytesReceived > 0 || connection.Closed.IsCompleted || connection.State != ZcrxConnectionState.Receiving), "the bytes arrive");
        peers.ForEach(peer =>
        {
            if (resets)
            {
                peer.Reset();
            }

            peer.Dispose();
        });
        await Task.WhenAll(connections.Select(static connection => connection.Closed)).Within("all connections are closed");
        Assert.Equal(0, queue.Queue.Snapshot().Connections);
        await Deadline.UntilAsync(() => OpenSockets() <= before, $"all sockets are closed: {before} before, {OpenSockets()} now");
    }

    [Theory]
    [InlineData("a frame that is too long, without an error handler", 1)]
    [InlineData("an observer that throws", 1)]
    [InlineData("an operator that throws, without an error handler", 1)]
    [InlineData("a frame that is too long, with an error handler", 0)]
    public async Task A_consumer_that_fails_is_reported_once_and_its_peer_is_reset_at_once(string consumer, int reports)
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        ConcurrentQueue<ConsumerFault> faults = new();
        using IDisposable reporting = queue.Queue.ConsumerFaults.Subscribe(faults.Enqueue);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Handlers[consumer](connection);
            await SendAsync(peer.Socket, [0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3]);
            SocketException reset = await Assert.ThrowsAsync<SocketException>(() => peer.Socket.ReceiveAsync(new byte[1]).Within("the peer receives the error"));
            Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
            await connection.Closed.Within("the connection is closed");
            Assert.Equal(reports, faults.Count);
            Assert.All(faults, fault => Assert.Same(connection, fault.Connection));
            ZcrxStreamException late = await Assert.ThrowsAsync<ZcrxStreamException>(async () => await connection.Buffers.Select(static buffer => buffer.Length).LastOrDefaultAsync());
            Assert.Contains("its consumer failed", late.Message, StringComparison.Ordinal);
            Assert.NotNull(late.InnerException);
        }
    }

    [Fact]
    public async Task A_consumer_that_fails_closes_its_connection_without_a_reset_if_so_configured()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(configure: static options => options with { WhenConsumerFails = ConsumerFailureAction.Close });
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Handlers["an observer that throws"](connection);
            await SendAsync(peer.Socket, [1]);
            Assert.Equal(0, await peer.Socket.ReceiveAsync(new byte[1]).Within("the peer sees the end"));
            await connection.Closed.Within("the connection is closed");
        }
    }

    [Fact]
    public async Task The_reset_of_a_peer_is_no_fault_of_a_consumer_without_an_error_handler()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        ConcurrentQueue<ConsumerFault> faults = new();
        using IDisposable reporting = queue.Queue.ConsumerFaults.Subscribe(faults.Enqueue);
        for (int i = 0; i < 20; i++)
        {
            (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
            using (peer)
            {
                _ = i % 2 == 0
                    ? connection.Buffers.Subscribe(static _ => { })
                    : connection.Buffers.Frames(LengthPrefix.UInt32BigEndian, 100).Subscribe(static _ => { });
                await peer.SendAsync(2);
                await Deadline.UntilAsync(() => connection.BytesReceived == 2, "the bytes arrive");
                peer.Reset();
                await connection.Closed.Within("the connection is closed");
            }
        }

        Assert.Empty(faults);
    }

    [Fact]
    public async Task Observer_that_fails_does_not_end_the_connection_while_another_observes()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Recorder recorder = new(peer.Stream);
            Handlers["an operator that throws, without an error handler"](connection);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAllAsync(100_000);
            await recorder.AssertCompletedAsync(100_000);
        }
    }

    [Fact]
    public async Task A_paused_stream_keeps_unread_bytes_of_a_peer_that_has_ended()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(configure: static options => options with { UnobservedTimeout = TimeSpan.FromMinutes(10) });
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            connection.Pause();
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            // The short timeout applies only after the subscription. On a slow machine, it could otherwise pass before the subscription.
            await queue.Queue.ReconfigureAsync(queue.Queue.Loop.Options with { UnobservedTimeout = TimeSpan.FromMilliseconds(50) }).Within("the timeout applies");
            await peer.SendAllAsync(10_000);
            peer.Dispose();
            TimeSpan start = TimeProvider.System.GetElapsedTime(0);
            await Deadline.UntilAsync(() => TimeProvider.System.GetElapsedTime(0) - start > TimeSpan.FromMilliseconds(300), "the timeout has passed several times");
            Assert.False(connection.Closed.IsCompleted);
            connection.Resume();
            await recorder.AssertCompletedAsync(10_000);
        }
    }

    [Fact]
    public async Task A_connection_that_stays_unobserved_is_counted_and_then_reset()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(configure: static options => options with { UnobservedTimeout = TimeSpan.FromMilliseconds(400) });
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            await Deadline.UntilAsync(() => queue.Queue.Snapshot().UnobservedConnections == 1, "the connection is counted");
            Assert.Equal(ZcrxConnectionState.Unobserved, connection.State);
            SocketException reset = await Assert.ThrowsAsync<SocketException>(() => peer.Socket.ReceiveAsync(new byte[1]).Within("the peer receives the error"));
            Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
            ZcrxStreamException late = await Assert.ThrowsAsync<ZcrxStreamException>(async () => await connection.Buffers.Select(static buffer => buffer.Length).LastOrDefaultAsync());
            Assert.Contains("UnobservedTimeout", late.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_connection_that_is_only_sent_on_is_in_use()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(configure: static options => options with { UnobservedTimeout = TimeSpan.FromMilliseconds(200) });
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            TimeSpan start = TimeProvider.System.GetElapsedTime(0);
            while (TimeProvider.System.GetElapsedTime(0) - start < TimeSpan.FromMilliseconds(800))
            {
                await connection.SendAsync(new byte[1]);
                Assert.Equal(1, await peer.Socket.ReceiveAsync(new byte[1]).Within("the byte arrives"));
            }

            Assert.False(connection.Closed.IsCompleted);
            await connection.Closed.Within("the connection ends without a send");
        }
    }

    [Fact]
    public async Task A_send_that_fails_ends_a_connection_that_stays_open_after_its_stream()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            connection.CloseMode = CloseMode.Manual;
            Recorder recorder = new(peer.Stream);
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAllAsync(1000);
            await recorder.AssertCompletedAsync(1000);
            Task replying = Task.Run(async () =>
            {
                while (true)
                {
                    await connection.SendAsync(new byte[10_000]);
                }
            });
            await Deadline.UntilAsync(() => peer.Socket.Available > 0, "the reply begins");
            peer.Reset();
            SocketException error = await Assert.ThrowsAsync<SocketException>(() => replying.Within("the send fails"));
            Assert.Contains(error.SocketErrorCode, new[] { SocketError.ConnectionReset, SocketError.Shutdown });
            await connection.Closed.Within("the connection is closed");
        }
    }

    private static async Task SendAsync(Socket socket, byte[] bytes)
    {
        try
        {
            await socket.SendAsync(bytes);
        }
        catch (SocketException)
        {
            // The connection has been reset already.
        }
    }

    /// <summary>Returns the number of open sockets of this process. No other test opens sockets at the same time.</summary>
    private static int OpenSockets() =>
        new DirectoryInfo("/proc/self/fd").GetFiles().Count(static file => file.LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true);
}
