using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.IO;
using Akka.Streams;
using Akka.Streams.Dsl;
using Akka.Streams.TestKit;
using Zcrx.Actors.Tests.Support;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.AkkaStreams;

/// <summary>Represents a running host without listeners, and a materializer in its actor system.</summary>
internal sealed class StreamBench : IAsyncDisposable
{
    public const string Loopback = "127.0.0.1";

    private StreamBench(TestHost host)
    {
        Host = host;
        Materializer = host.System.Materializer();
    }

    public TestHost Host { get; }

    public IZcrx Zcrx => Host.Zcrx;

    public ActorMaterializer Materializer { get; }

    public static async Task<StreamBench> StartAsync() => new(await TestHost.StartAsync(static zcrx => zcrx.AddQueues(1, 1.MiB())));

    /// <summary>Binds a listener, connects a client to it, and returns both ends of the connection.</summary>
    public async Task<(ZcrxIncomingConnection Connection, Socket Client)> AcceptAsync(bool halfClose = false, TimeSpan? idleTimeout = null)
    {
        var (bound, first) = Zcrx.Bind(Loopback, 0, halfClose: halfClose, idleTimeout: idleTimeout)
            .ToMaterialized(Sink.First<ZcrxIncomingConnection>(), Keep.Both).Run(Materializer);
        Socket client = await ConnectAsync((await bound.WithinLimit()).LocalAddress);
        return (await first.WithinLimit(), client);
    }

    /// <summary>Materializes the flow of a connection between a probe that sends and a probe that receives.</summary>
    public (TestPublisher.Probe<ByteString> Send, TestSubscriber.Probe<T> Receive) Probes<T, TMat>(Flow<ByteString, T, TMat> flow) =>
        this.SourceProbe<ByteString>(Host.Kit).ViaMaterialized(flow, Keep.Left).ToMaterialized(this.SinkProbe<T>(Host.Kit), Keep.Both).Run(Materializer);

    /// <summary>Waits until no connection is open and no buffer is leased.</summary>
    public Task AssertIdleAsync() => Host.Kit.AwaitConditionAsync(
        async () => (await Zcrx.GetStatusAsync()).Queues[0].Statistics is { Connections: 0, BuffersOut: 0 }, "no connection is open and no buffer leased");

    public static async Task<Socket> ConnectAsync(IPEndPoint endPoint)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(endPoint).WithinLimit();
        return socket;
    }

    /// <summary>Receives until the peer ends its stream.</summary>
    public static async Task<byte[]> ReadAllAsync(Socket socket)
    {
        using MemoryStream all = new();
        byte[] buffer = new byte[65536];
        while (await socket.ReceiveAsync(buffer).WithinLimit() is > 0 and var length)
        {
            all.Write(buffer, 0, length);
        }

        return all.ToArray();
    }

    /// <summary>Fails unless the connection was reset.</summary>
    public static async Task AssertResetAsync(Socket socket)
    {
        var reset = await Assert.ThrowsAsync<SocketException>(() => ReadAllAsync(socket));
        Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
    }

    public async ValueTask DisposeAsync()
    {
        Materializer.Dispose();
        await Host.DisposeAsync();
    }

    private Source<T, TestPublisher.Probe<T>> SourceProbe<T>(Akka.TestKit.TestKitBase kit) => TestSource.SourceProbe<T>(kit);

    private Sink<T, TestSubscriber.Probe<T>> SinkProbe<T>(Akka.TestKit.TestKitBase kit) => TestSink.SinkProbe<T>(kit);
}
