using System.Net.Sockets;
using Akka.IO;
using Akka.Streams.Dsl;
using Akka.Streams.TestKit;
using Zcrx.Actors.Tests.Support;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.AkkaStreams;

/// <summary>Tests connections of a stream that an asynchronous handler serves.</summary>
public class HandlerOfStreamTests
{
    private const int Clients = 20;

    [Fact]
    public async Task BindAndHandle_with_a_handler_answers_each_client_after_its_half_close_and_closes_in_order()
    {
        await using var bench = await StreamBench.StartAsync();
        var binding = await bench.Zcrx.BindAndHandle(EchoAsync, bench.Materializer, StreamBench.Loopback, 0).WithinLimit();

        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async i =>
        {
            using Socket client = await StreamBench.ConnectAsync(binding.LocalAddress);
            byte[] sent = Payload.Bytes(i, 50_000);
            await client.SendAsync(sent);
            client.Shutdown(SocketShutdown.Send);
            Assert.Equal(sent, await StreamBench.ReadAllAsync(client));
        })).WithinLimit();

        await bench.AssertIdleAsync();
    }

    [Fact]
    public async Task Handler_that_throws_resets_only_its_connection_and_is_reported_once()
    {
        await using var bench = await StreamBench.StartAsync();
        var faults = bench.Host.Kit.Subscribe(typeof(ZcrxEvent.ConsumerFaulted));
        var binding = await bench.Zcrx.BindAndHandle(
            static async (connection, token) =>
            {
                using ZcrxDuplexPipe pipe = connection.ToDuplexPipe();
                if ((await pipe.Input.ReadAsync(token)).Buffer.FirstSpan[0] == 0)
                {
                    throw new CrashException();
                }

                await pipe.Output.WriteAsync(new byte[] { 7 }, token);
            },
            bench.Materializer,
            StreamBench.Loopback,
            0).WithinLimit();
        using Socket bad = await StreamBench.ConnectAsync(binding.LocalAddress);
        using Socket good = await StreamBench.ConnectAsync(binding.LocalAddress);

        await bad.SendAsync(new byte[] { 0 });
        Assert.Equal(SocketError.ConnectionReset, (await Assert.ThrowsAsync<SocketException>(() => StreamBench.ReadAllAsync(bad).WithinLimit())).SocketErrorCode);
        Assert.IsType<CrashException>((await faults.ExpectMsgAsync<ZcrxEvent.ConsumerFaulted>()).Exception);

        await good.SendAsync(new byte[] { 1 });
        Assert.Equal([7], await StreamBench.ReadAllAsync(good).WithinLimit());
        await bench.AssertIdleAsync();
        await faults.ExpectNoMsgAsync(TimeSpan.Zero);
    }

    [Fact]
    public async Task Connection_has_either_a_flow_or_a_handler()
    {
        await using var bench = await StreamBench.StartAsync();
        var (bound, connections) = bench.Zcrx.Bind(StreamBench.Loopback, 0)
            .ToMaterialized(TestSink.SinkProbe<ZcrxIncomingConnection>(bench.Host.Kit), Keep.Both).Run(bench.Materializer);
        connections.Request(1);
        using Socket client = await StreamBench.ConnectAsync((await bound.WithinLimit()).LocalAddress);
        var connection = await connections.ExpectNextAsync();

        Task handled = connection.HandleWith(EchoAsync);

        Assert.Contains("can have only one", Assert.Throws<InvalidOperationException>(() => { _ = connection.HandleWith(EchoAsync); }).Message, StringComparison.Ordinal);
        var received = Source.Empty<ByteString>().Via(connection.Flow).RunWith(Sink.Ignore<ByteString>(), bench.Materializer);
        await Assert.ThrowsAsync<InvalidOperationException>(() => received.WithinLimit());
        client.Shutdown(SocketShutdown.Send);
        Assert.Empty(await StreamBench.ReadAllAsync(client).WithinLimit());
        await handled.WithinLimit();
    }

    private static async Task EchoAsync(ZcrxConnection connection, CancellationToken token)
    {
        using ZcrxDuplexPipe pipe = connection.ToDuplexPipe();
        await pipe.Input.CopyToAsync(pipe.Output, token);
    }
}
