using System.Net.Sockets;
using Akka.IO;
using Akka.Streams;
using Akka.Streams.Dsl;
using Zcrx.Actors.Tests.Support;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.AkkaStreams;

/// <summary>Tests the flow of one accepted connection. The cases are those of the TCP tests of Akka.Streams.</summary>
public class ConnectionFlowTests
{
    [Fact]
    public async Task Bytes_of_both_sides_arrive_at_the_pace_of_the_demand()
    {
        await using var bench = await StreamBench.StartAsync();
        var (connection, client) = await bench.AcceptAsync(halfClose: true);
        using var _ = client;
        var (send, receive) = bench.Probes(connection.Flow);

        await client.SendAsync(new byte[] { 1, 2, 3 });
        await receive.EnsureSubscriptionAsync();
        await receive.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(50));
        receive.Request(1);
        Assert.Equal([1, 2, 3], (await receive.ExpectNextAsync()).ToArray());
        await send.SendNextAsync(ByteString.FromBytes([4]).Concat(ByteString.FromBytes([5, 6])));
        byte[] answer = new byte[3];
        await ReadExactlyAsync(client, answer);
        Assert.Equal([4, 5, 6], answer);

        client.Shutdown(SocketShutdown.Send);
        receive.Request(1);
        await receive.ExpectCompleteAsync();
        await send.SendCompleteAsync();
        Assert.Empty(await StreamBench.ReadAllAsync(client));
        await bench.AssertIdleAsync();
    }

    [Fact]
    public async Task Peer_that_ends_its_side_first_still_receives_bytes()
    {
        await using var bench = await StreamBench.StartAsync();
        var (connection, client) = await bench.AcceptAsync();
        using var _ = client;
        var (send, receive) = bench.Probes(connection.Flow);
        receive.Request(1);

        client.Shutdown(SocketShutdown.Send);
        await receive.ExpectCompleteAsync();
        await send.SendNextAsync(ByteString.FromString("late"));
        await send.SendCompleteAsync();

        Assert.Equal("late"u8.ToArray(), await StreamBench.ReadAllAsync(client));
        await bench.AssertIdleAsync();
    }

    [Fact]
    public async Task With_half_close_the_connection_receives_after_its_upstream_has_completed()
    {
        await using var bench = await StreamBench.StartAsync();
        var (connection, client) = await bench.AcceptAsync(halfClose: true);
        using var _ = client;
        var (send, receive) = bench.Probes(connection.Flow);
        receive.Request(10);

        await send.SendNextAsync(ByteString.FromString("first"));
        await send.SendCompleteAsync();
        Assert.Equal("first"u8.ToArray(), await StreamBench.ReadAllAsync(client));
        await client.SendAsync("second"u8.ToArray());
        Assert.Equal("second", (await receive.ExpectNextAsync()).ToString());
        client.Shutdown(SocketShutdown.Send);

        await receive.ExpectCompleteAsync();
        await bench.AssertIdleAsync();
    }

    [Fact]
    public async Task Without_half_close_the_connection_closes_when_its_upstream_has_completed()
    {
        await using var bench = await StreamBench.StartAsync();
        var (connection, client) = await bench.AcceptAsync();
        using var _ = client;
        var (send, receive) = bench.Probes(connection.Flow);
        receive.Request(1);

        await send.SendNextAsync(ByteString.FromString("bye"));
        await send.SendCompleteAsync();

        Assert.Equal("bye"u8.ToArray(), await StreamBench.ReadAllAsync(client));
        await receive.ExpectCompleteAsync();
        await bench.AssertIdleAsync();
    }

    [Fact]
    public async Task Cancelled_downstream_discards_arriving_bytes_and_leaves_sending_open()
    {
        await using var bench = await StreamBench.StartAsync();
        var (connection, client) = await bench.AcceptAsync(halfClose: true);
        using var _ = client;
        var (send, receive) = bench.Probes(connection.Flow);
        receive.Request(1);
        await client.SendAsync(new byte[1]);
        await receive.ExpectNextAsync();

        receive.Cancel();
        await client.SendAsync(new byte[300_000]).WithinLimit();
        // Waits until all bytes are received, because a close with unread bytes would reset the connection.
        await bench.Host.Kit.AwaitConditionAsync(() => connection.Connection.BytesReceived == 300_001, "everything is received");
        await send.SendNextAsync(ByteString.FromString("still here"));
        await send.SendCompleteAsync();

        Assert.Equal("still here"u8.ToArray(), await StreamBench.ReadAllAsync(client));
        await bench.AssertIdleAsync();
    }

    [Fact]
    public async Task Cancelled_downstream_after_the_upstream_resets_the_connection()
    {
        await using var bench = await StreamBench.StartAsync();
        var (connection, client) = await bench.AcceptAsync(halfClose: true);
        using var _ = client;
        var (send, receive) = bench.Probes(connection.Flow);
        await receive.EnsureSubscriptionAsync();

        await send.SendCompleteAsync();
        Assert.Empty(await StreamBench.ReadAllAsync(client));
        receive.Cancel();

        await Eventually.TrueAsync(() => IsReset(client), "the peer sees a reset");
        await bench.AssertIdleAsync();
    }

    [Fact]
    public async Task Failed_upstream_resets_the_connection()
    {
        await using var bench = await StreamBench.StartAsync();
        var (connection, client) = await bench.AcceptAsync();
        using var _ = client;
        var (send, receive) = bench.Probes(connection.Flow);
        receive.Request(1);

        await send.SendErrorAsync(new InvalidOperationException("upstream"));

        Assert.Equal("upstream", (await receive.ExpectErrorAsync()).Message);
        await StreamBench.AssertResetAsync(client);
        await bench.AssertIdleAsync();
    }

    [Fact]
    public async Task Reset_by_the_peer_fails_both_sides()
    {
        await using var bench = await StreamBench.StartAsync();
        var (connection, client) = await bench.AcceptAsync();
        var (send, receive) = bench.Probes(connection.Flow);
        receive.Request(1);

        client.LingerState = new LingerOption(true, 0);
        client.Dispose();

        Assert.IsType<StreamTcpException>(await receive.ExpectErrorAsync());
        await send.ExpectCancellationAsync();
        await bench.AssertIdleAsync();
    }

    [Fact]
    public async Task Connection_is_materialized_once()
    {
        await using var bench = await StreamBench.StartAsync();
        var (connection, client) = await bench.AcceptAsync();
        using var _ = client;
        connection.HandleWith(Flow.Create<ByteString>(), bench.Materializer);
        // Materialization is asynchronous. The echo proves that the first flow is materialized before the second one.
        await client.SendAsync(new byte[] { 9 });
        await ReadExactlyAsync(client, new byte[1]);

        var (_, again) = bench.Probes(connection.Flow);
        again.Request(1);

        Assert.Contains("can have only one", (await again.ExpectErrorAsync()).Message, StringComparison.Ordinal);
        await client.SendAsync(new byte[] { 9 });
        await ReadExactlyAsync(client, new byte[1]);
    }

    [Fact]
    public async Task Idle_connection_fails_after_the_timeout_and_is_reset()
    {
        await using var bench = await StreamBench.StartAsync();
        var (connection, client) = await bench.AcceptAsync(idleTimeout: TimeSpan.FromMilliseconds(200));
        using var _ = client;
        var (_, receive) = bench.Probes(connection.Flow);
        receive.Request(1);

        Assert.IsAssignableFrom<TimeoutException>(await receive.ExpectErrorAsync());

        await StreamBench.AssertResetAsync(client);
        await bench.AssertIdleAsync();
    }

    [Fact]
    public async Task Slow_downstream_slows_the_sender_and_gets_every_byte()
    {
        const int Total = 16 * 1024 * 1024;
        await using var bench = await StreamBench.StartAsync();
        var (connection, client) = await bench.AcceptAsync(halfClose: true);
        using var _ = client;
        var (_, receive) = bench.Probes(connection.Flow);
        await receive.EnsureSubscriptionAsync();
        Task sending = SendAsync();

        await bench.Host.Kit.AwaitConditionAsync(() => connection.Connection.State == ZcrxConnectionState.Paused, "the connection is held");
        long received = connection.Connection.BytesReceived;
        await receive.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(100));
        Assert.False(sending.IsCompleted);
        // Without demand, the bound of waiting elements limits the number of received bytes.
        Assert.InRange(received, 1, 4 * 1024 * 1024);

        long sum = 0;
        while (sum < Total)
        {
            receive.Request(1);
            ByteString next = await receive.ExpectNextAsync();
            byte[] bytes = next.ToArray();
            Assert.Equal(Payload.Bytes(sum, bytes.Length), bytes);
            sum += bytes.Length;
        }

        await sending.WithinLimit();
        client.Shutdown(SocketShutdown.Send);
        receive.Request(1);
        await receive.ExpectCompleteAsync();

        async Task SendAsync()
        {
            for (int sent = 0; sent < Total; sent += 65536)
            {
                await client.SendAsync(Payload.Bytes(sent, 65536));
            }
        }
    }

    [Fact]
    public async Task Slow_peer_slows_the_upstream()
    {
        await using var bench = await StreamBench.StartAsync();
        var (connection, client) = await bench.AcceptAsync(halfClose: true);
        using var _ = client;
        long produced = 0;
        ByteString chunk = ByteString.FromBytes(new byte[65536]);
        const int Chunks = 400;
        var sent = Source.From(Enumerable.Range(0, Chunks)).Select(number =>
        {
            Interlocked.Increment(ref produced);
            return chunk;
        }).Via(connection.Flow).RunWith(Sink.Ignore<ByteString>(), bench.Materializer);

        await bench.Host.Kit.AwaitConditionAsync(() => Volatile.Read(ref produced) > 0, "something is sent");
        long last = -1;
        await bench.Host.Kit.AwaitConditionAsync(() => last == (last = Volatile.Read(ref produced)) && last > 0, "the upstream waits");
        Assert.InRange(last, 1, Chunks - 1);

        Assert.Equal((long)Chunks * chunk.Count, (await StreamBench.ReadAllAsync(client)).LongLength);
        client.Shutdown(SocketShutdown.Send);
        await sent.WithinLimit();
    }

    private static async Task ReadExactlyAsync(Socket socket, byte[] buffer)
    {
        for (int read = 0; read < buffer.Length;)
        {
            int length = await socket.ReceiveAsync(buffer.AsMemory(read)).AsTask().WithinLimit();
            Assert.NotEqual(0, length);
            read += length;
        }
    }

    private static bool IsReset(Socket socket)
    {
        try
        {
            socket.Send(new byte[1]);
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }
}
