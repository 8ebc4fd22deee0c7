using System.Net.Sockets;
using Akka.Actor;
using Zcrx.Actors.Tests.Support;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Hosting;

/// <summary>Tests how connections end when the drain time of their listener is over.</summary>
public class DrainTests
{
    private const string Any = "127.0.0.1:0";

    [Theory]
    [InlineData("an actor acknowledges nothing")]
    [InlineData("work has not ended")]
    [InlineData("a frame is incomplete")]
    public async Task Drain_resets_a_connection_whose_bytes_are_not_handled(string why)
    {
        IActorRef? silent = null;
        IDisposable? work = null;
        await using var host = await StartAsync(connection => why switch
        {
            "an actor acknowledges nothing" => connection.Buffers.ToActor(silent!),
            "work has not ended" => connection.Buffers.Subscribe(_ => work = connection.BeginWork()),
            _ => connection.Buffers.Frames(LengthPrefix.UInt32BigEndian, 1000).Subscribe(static _ => { }),
        });
        silent = host.Kit.Sys.ActorOf(Props.Create(static () => new SilentActor()));
        using Socket client = await ConnectAsync(host);
        await client.SendAsync(new byte[] { 0, 0, 1, 0, 7 });
        await WhenReceivedAsync(host);

        Task<int> drained = host.Zcrx.RemoveListenerAsync(Any, TimeSpan.Zero);

        SocketException reset = await Assert.ThrowsAsync<SocketException>(() => client.ReceiveAsync(new byte[1]).WaitAsync(Eventually.Limit));
        Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
        work?.Dispose();
        host.Kit.Sys.Stop(silent);
        await drained.WaitAsync(Eventually.Limit);
    }

    [Fact]
    public async Task Drain_ends_a_connection_in_order_whose_bytes_are_handled()
    {
        await using var host = await StartAsync(static connection => connection.Buffers.Frames(LengthPrefix.UInt32BigEndian, 1000).Subscribe(static _ => { }));
        using Socket client = await ConnectAsync(host);
        await client.SendAsync(new byte[] { 0, 0, 0, 1, 7 });
        await WhenReceivedAsync(host);

        await host.Zcrx.RemoveListenerAsync(Any, TimeSpan.Zero).WaitAsync(Eventually.Limit);

        Assert.Equal(0, await client.ReceiveAsync(new byte[1]).WaitAsync(Eventually.Limit));
    }

    private static Task<TestHost> StartAsync(Func<ZcrxConnection, IDisposable> handler) =>
        TestHost.StartAsync(zcrx => zcrx.AddQueues(1, 1.MiB()).Listen(Any, handler));

    private static Task WhenReceivedAsync(TestHost host) => host.Kit.AwaitConditionAsync(
        async () => (await host.Zcrx.GetStatusAsync()).Queues[0].Connections.Sum(static connection => connection.BytesReceived) == 5, "the bytes are received");

    private static async Task<Socket> ConnectAsync(TestHost host)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(host.Zcrx.EndPoints[0]).WaitAsync(Eventually.Limit);
        return socket;
    }
    /// <summary>Receives a stream, and never acknowledges its data.</summary>
    private sealed class SilentActor : ReceiveActor
    {
        public SilentActor()
        {
            Receive<ZcrxStream.Init>(static init => init.Acknowledge());
            ReceiveAny(static _ => { });
        }
    }
}
