using System.Net.Sockets;
using Zcrx.Actors.Tests.Support;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Hosting;

public class ReceiveTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Bytes_arrive_in_order_whatever_the_number_of_queues(int queues)
    {
        const int Clients = 12;
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx.AddQueues(queues, 4.MiB()).Listen("127.0.0.1:0", received.Handle));

        var sent = Enumerable.Range(0, Clients).Select(seed => Bytes(seed, 300_000)).ToList();
        await Task.WhenAll(sent.Select(async bytes =>
        {
            using var client = await host.ConnectAsync();
            await client.SendAsync(bytes);
            client.Shutdown(SocketShutdown.Send);
            // The server closes the connection when it has received all bytes.
            Assert.Equal(0, await client.ReceiveAsync(new byte[1]).WithinLimit());
        }));

        Assert.Equal(Clients, received.Streams.Count);
        foreach (var stream in received.Streams)
        {
            Assert.Null(await stream.Ended.WithinLimit());
            Assert.Contains(sent, bytes => bytes.AsSpan().SequenceEqual(stream.ToArray()));
        }

        await host.Kit.AwaitConditionAsync(() => received.Streams.All(stream => stream.IsDisposed), "every subscription is disposed with its connection");
        var status = await host.Zcrx.GetStatusAsync();
        Assert.Equal(Clients * 300_000, status.Queues.Sum(queue => queue.Statistics!.BytesReceived));
        Assert.Equal(0, status.Queues.Sum(queue => queue.Statistics!.BuffersOut));
    }

    [Fact]
    public async Task Without_any_queue_configured_there_is_one()
    {
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx.Listen("127.0.0.1:0", received.Handle));

        using var client = await host.ConnectAsync();
        await client.SendAsync("hello"u8.ToArray());

        var stream = await received.StreamAsync(0);
        await host.Kit.AwaitConditionAsync(() => stream.Length == 5, "the bytes arrive");
        var queue = Assert.Single((await host.Zcrx.GetStatusAsync()).Queues);
        Assert.Equal(ZcrxEngine.Emulated, queue.Engine!.Engine);
        Assert.Equal("explicitly configured", queue.Engine.Reason);
    }

    private static byte[] Bytes(int seed, int count)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
