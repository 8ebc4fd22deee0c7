using System.Net;
using System.Net.Sockets;
using Akka.IO;
using Akka.Streams;
using Akka.Streams.Dsl;
using Akka.Streams.TestKit;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;

namespace Zcrx.Actors.Tests.AkkaStreams;

/// <summary>Tests listeners as sources, and connections to servers as flows.</summary>
public class BindStageTests
{
    [Fact]
    public async Task Echo_server_answers_many_connections_at_once()
    {
        await using var bench = await StreamBench.StartAsync();
        var binding = await bench.Zcrx.BindAndHandle(Flow.Create<ByteString>(), bench.Materializer, StreamBench.Loopback, 0).WithinLimit();

        await Task.WhenAll(Enumerable.Range(0, 50).Select(async i =>
        {
            using Socket client = await StreamBench.ConnectAsync(binding.LocalAddress);
            byte[] sent = Payload.Bytes(i, 10_000);
            await client.SendAsync(sent);
            client.Shutdown(SocketShutdown.Send);
            Assert.Equal(sent, await StreamBench.ReadAllAsync(client));
        })).WithinLimit();

        await bench.AssertIdleAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Outgoing_connection_and_echo_server_exchange_everything_and_close_in_order(bool halfClose)
    {
        await using var bench = await StreamBench.StartAsync();
        var binding = await bench.Zcrx.BindAndHandle(Flow.Create<ByteString>(), bench.Materializer, StreamBench.Loopback, 0, halfClose: halfClose).WithinLimit();
        byte[] sent = Payload.Bytes(0, 1_000_000);

        var (connected, received) = Source.From(sent.Chunk(1000).Select(ByteString.FromBytes))
            .ViaMaterialized(bench.Zcrx.OutgoingConnection(StreamBench.Loopback, binding.LocalAddress.Port), Keep.Right)
            .ToMaterialized(Sink.Aggregate<ByteString, ByteString>(ByteString.Empty, static (all, next) => all.Concat(next)), Keep.Both)
            .Run(bench.Materializer);

        Assert.Equal(binding.LocalAddress, (await connected.WithinLimit()).RemoteAddress);
        Assert.Equal(sent, (await received.WithinLimit()).ToArray());
        await bench.AssertIdleAsync();
    }

    [Fact]
    public async Task Outgoing_connection_to_a_closed_port_fails_the_stream_and_its_value()
    {
        await using var bench = await StreamBench.StartAsync();
        using Socket bound = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        bound.Bind(new IPEndPoint(IPAddress.Loopback, 0));

        var (connected, received) = Source.Maybe<ByteString>()
            .ViaMaterialized(bench.Zcrx.OutgoingConnection((IPEndPoint)bound.LocalEndPoint!), Keep.Right)
            .ToMaterialized(Sink.Ignore<ByteString>(), Keep.Both)
            .Run(bench.Materializer);

        await Assert.ThrowsAsync<StreamTcpException>(() => connected.WithinLimit());
        Assert.IsType<SocketException>((await Assert.ThrowsAsync<StreamTcpException>(() => received.WithinLimit())).InnerException);
    }

    [Fact]
    public async Task Outgoing_connection_whose_stream_ends_before_it_is_connected_leaves_no_connection()
    {
        await using var bench = await StreamBench.StartAsync();
        var binding = await bench.Zcrx.BindAndHandle(Flow.Create<ByteString>(), bench.Materializer, StreamBench.Loopback, 0).WithinLimit();

        for (int i = 0; i < 50; i++)
        {
            var (switched, connected) = Source.Maybe<ByteString>().ViaMaterialized(KillSwitches.Single<ByteString>(), Keep.Right)
                .ViaMaterialized(bench.Zcrx.OutgoingConnection(binding.LocalAddress), Keep.Both)
                .To(Sink.Ignore<ByteString>()).Run(bench.Materializer);
            switched.Abort(new InvalidOperationException("over"));
            await Record.ExceptionAsync(() => connected.WithinLimit());
        }

        await bench.AssertIdleAsync();
    }

    [Fact]
    public async Task Port_in_use_fails_the_stream_and_its_value_with_cause_and_fix()
    {
        await using var bench = await StreamBench.StartAsync();
        var first = await bench.Zcrx.BindAndHandle(Flow.Create<ByteString>(), bench.Materializer, StreamBench.Loopback, 0).WithinLimit();

        var (bound, connections) = bench.Zcrx.Bind(StreamBench.Loopback, first.LocalAddress.Port).ToMaterialized(TestSink.SinkProbe<ZcrxIncomingConnection>(bench.Host.Kit), Keep.Both).Run(bench.Materializer);

        var refused = await Assert.ThrowsAsync<ZcrxException>(() => bound.WithinLimit());
        Assert.Equal("EADDRINUSE", refused.ErrorName);
        Assert.Same(refused, await connections.ExpectSubscriptionAndErrorAsync());
    }

    [Fact]
    public async Task Unbinding_completes_the_source_and_leaves_its_connections()
    {
        await using var bench = await StreamBench.StartAsync();
        var (bound, connections) = bench.Zcrx.Bind($"{StreamBench.Loopback}:0", static options => options.Name = "door")
            .ToMaterialized(TestSink.SinkProbe<ZcrxIncomingConnection>(bench.Host.Kit), Keep.Both).Run(bench.Materializer);
        var binding = await bound.WithinLimit();
        Assert.Equal(binding.LocalAddress, bench.Zcrx.EndPoints["door"]);
        connections.Request(2);
        using Socket client = await StreamBench.ConnectAsync(binding.LocalAddress);
        (await connections.ExpectNextAsync()).HandleWith(Flow.Create<ByteString>(), bench.Materializer);

        await binding.Unbind().WithinLimit();

        await connections.ExpectCompleteAsync();
        await client.SendAsync(new byte[] { 5 });
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal([5], await StreamBench.ReadAllAsync(client));
    }

    [Fact]
    public async Task Unbinding_by_name_completes_the_source()
    {
        await using var bench = await StreamBench.StartAsync();
        var (bound, connections) = bench.Zcrx.Bind($"{StreamBench.Loopback}:0", static options => options.Name = "door")
            .ToMaterialized(TestSink.SinkProbe<ZcrxIncomingConnection>(bench.Host.Kit), Keep.Both).Run(bench.Materializer);
        await bound.WithinLimit();
        connections.Request(1);

        await bench.Zcrx.RemoveListenerAsync("door").WithinLimit();

        await connections.ExpectCompleteAsync();
    }

    [Fact]
    public async Task Cancelled_source_closes_the_port_and_resets_connections_that_were_not_emitted()
    {
        await using var bench = await StreamBench.StartAsync();
        var (bound, connections) = bench.Zcrx.Bind(StreamBench.Loopback, 0).ToMaterialized(TestSink.SinkProbe<ZcrxIncomingConnection>(bench.Host.Kit), Keep.Both).Run(bench.Materializer);
        var binding = await bound.WithinLimit();
        using Socket waiting = await StreamBench.ConnectAsync(binding.LocalAddress);
        await bench.Host.Kit.AwaitConditionAsync(async () => (await bench.Zcrx.GetStatusAsync()).Listeners[0].Connections == 1, "the connection is accepted");

        await connections.CancelAsync();

        await StreamBench.AssertResetAsync(waiting);
        await binding.Closed.WithinLimit();
        await Assert.ThrowsAsync<SocketException>(() => StreamBench.ConnectAsync(binding.LocalAddress));
        await bench.AssertIdleAsync();
    }

    [Fact]
    public async Task Connections_beyond_the_backlog_of_a_slow_source_are_reset()
    {
        await using var bench = await StreamBench.StartAsync();
        var (bound, connections) = bench.Zcrx.Bind(StreamBench.Loopback, 0, backlog: 1).ToMaterialized(TestSink.SinkProbe<ZcrxIncomingConnection>(bench.Host.Kit), Keep.Both).Run(bench.Materializer);
        var binding = await bound.WithinLimit();
        using Socket first = await StreamBench.ConnectAsync(binding.LocalAddress);
        await bench.Host.Kit.AwaitConditionAsync(async () => (await bench.Zcrx.GetStatusAsync()).Listeners[0].Accepted == 1, "the first is accepted");

        // The reset may arrive before ConnectAsync has returned.
        var reset = await Assert.ThrowsAsync<SocketException>(async () =>
        {
            using Socket second = await StreamBench.ConnectAsync(binding.LocalAddress);
            await StreamBench.ReadAllAsync(second);
        });

        Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);

        (await connections.RequestNextAsync()).HandleWith(Flow.Create<ByteString>(), bench.Materializer);
        first.Shutdown(SocketShutdown.Send);
        Assert.Empty(await StreamBench.ReadAllAsync(first));
    }

    [Fact]
    public async Task Stop_of_the_host_completes_the_source_and_fails_open_flows()
    {
        await using var bench = await StreamBench.StartAsync();
        var (connection, client) = await bench.AcceptAsync();
        using var _ = client;
        var (bound, connections) = bench.Zcrx.Bind(StreamBench.Loopback, 0).ToMaterialized(Sink.Ignore<ZcrxIncomingConnection>(), Keep.Both).Run(bench.Materializer);
        await bound.WithinLimit();
        var (_, receive) = bench.Probes(connection.Flow);
        receive.Request(1);
        await receive.EnsureSubscriptionAsync();

        // The host ends the actor system only after Zcrx has stopped. So the stream can still report its end.
        var stopped = bench.Host.StopAsync();

        Assert.IsType<StreamTcpException>(await receive.ExpectErrorAsync());
        await connections.WithinLimit();
        await stopped.WithinLimit();
    }

    [Fact]
    public async Task Connections_survive_a_restart_of_their_queue()
    {
        await using var bench = await StreamBench.StartAsync();
        var binding = await bench.Zcrx.BindAndHandle(Flow.Create<ByteString>(), bench.Materializer, StreamBench.Loopback, 0).WithinLimit();
        using Socket client = await StreamBench.ConnectAsync(binding.LocalAddress);
        await client.SendAsync(Payload.Bytes(0, 1000));

        await bench.Host.RestartAsync("zcrx-0");
        await client.SendAsync(Payload.Bytes(1000, 1000));
        client.Shutdown(SocketShutdown.Send);

        Assert.Equal(Payload.Bytes(0, 2000), await StreamBench.ReadAllAsync(client));
    }
}
