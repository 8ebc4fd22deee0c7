using System.Net;
using System.Net.Sockets;
using Recipes.Tests.Support;

namespace Recipes.Tests;

public class TcpProxyTests
{
    private const int Clients = 500;

    [Fact]
    public async Task Bytes_and_half_closes_pass_in_both_directions()
    {
        await using Upstream upstream = Upstream.Start(Upstream.EchoAsync);
        await using RecipeHost host = await StartAsync(upstream.EndPoint);
        byte[] bytes = new byte[3_000_000];
        new Random(1).NextBytes(bytes);
        using Client client = await Client.ConnectAsync(await EndPointAsync(host));
        Task<byte[]> reading = client.ReadToEndAsync();
        await client.SendAsync(bytes);
        client.EndSending();

        Assert.True((await reading).AsSpan().SequenceEqual(bytes), "other bytes came back");
    }

    [Fact]
    public async Task Server_that_ends_first_still_receives_what_the_client_sends()
    {
        TaskCompletionSource<byte[]> received = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Upstream upstream = Upstream.Start(async socket =>
        {
            socket.Shutdown(SocketShutdown.Send);
            received.SetResult(await Upstream.ReadToEndAsync(socket));
        });
        await using RecipeHost host = await StartAsync(upstream.EndPoint);
        using Client client = await Client.ConnectAsync(await EndPointAsync(host));
        Assert.Empty(await client.ReadToEndAsync());
        await client.SendAsync(new byte[100_000]);
        client.EndSending();

        Assert.Equal(100_000, (await received.Task.Within("the server reads to the end")).Length);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reset_of_one_side_resets_the_other(bool byClient)
    {
        TaskCompletionSource<bool> wasReset = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Upstream upstream = Upstream.Start(async socket =>
        {
            await socket.ReceiveAsync(new byte[5]);
            if (byClient)
            {
                await socket.SendAsync("ready"u8.ToArray());
                try
                {
                    await Upstream.ReadToEndAsync(socket);
                    wasReset.SetResult(false);
                }
                catch (SocketException exception)
                {
                    wasReset.SetResult(exception.SocketErrorCode == SocketError.ConnectionReset);
                }
            }
            else
            {
                socket.LingerState = new LingerOption(true, 0);
            }
        });
        await using RecipeHost host = await StartAsync(upstream.EndPoint);
        using Client client = await Client.ConnectAsync(await EndPointAsync(host));
        await client.SendAsync("hello");
        if (byClient)
        {
            await client.ExpectAsync("ready");
            client.Reset();
            Assert.True(await wasReset.Task.Within("the server's connection ends"), "the server saw an orderly end");
        }
        else
        {
            Assert.True(await client.IsResetAsync(), "the client saw an orderly end");
        }

        Assert.Empty(host.Problems);
    }

    [Fact]
    public async Task Client_of_a_server_that_cannot_be_reached_is_reset()
    {
        using Socket closed = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        closed.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using RecipeHost host = await StartAsync((IPEndPoint)closed.LocalEndPoint!);
        Assert.True(await Client.IsResetAsync(await EndPointAsync(host)));
        await host.LineAsync("Could not forward for 127.0.0.1:");
    }

    [Fact]
    public async Task Clients_that_half_close_before_they_read_get_everything_and_resets_reach_the_server()
    {
        await using Upstream upstream = Upstream.Start(Upstream.EchoAsync);
        await using RecipeHost host = await StartAsync(upstream.EndPoint);
        IPEndPoint endPoint = await EndPointAsync(host);
        byte[] bytes = new byte[10_000];
        new Random(2).NextBytes(bytes);
        bool[] complete = await Task.WhenAll(Enumerable.Range(0, Clients).Select(async i =>
        {
            if (i % 2 == 0)
            {
                return (await Client.ConverseAsync(endPoint, bytes)).AsSpan().SequenceEqual(bytes);
            }

            using Client client = await Client.ConnectAsync(endPoint);
            await client.SendAsync(bytes);
            client.Reset();
            return true;
        }));

        Assert.Equal(Clients, complete.Count(static isComplete => isComplete));
        await Deadline.UntilAsync(() => upstream.Open == 0, "no connection to the server is left");
    }

    private static Task<RecipeHost> StartAsync(IPEndPoint upstream) => RecipeHost.StartAsync(services => TcpProxy.Add(services, RecipeHost.AnyPort, upstream.ToString()));

    private static async Task<IPEndPoint> EndPointAsync(RecipeHost host) => IPEndPoint.Parse((await host.LineAsync("Forwarding from ")).Split(' ')[2]);
}
