using System.Net;
using Akka;
using Akka.Actor;
using Akka.IO;
using Akka.Streams;
using Akka.Streams.Dsl;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Zcrx.Actors;
using Zcrx.Rx;

namespace Zcrx.Benchmarks.AkkaStreams;

/// <summary>Servers of Akka.Streams: written once, and bound by <c>Tcp()</c> or by Zcrx.</summary>
internal static class StreamServers
{
    /// <summary>The longest frame.</summary>
    public const int MaxFrame = 64 * 1024;

    /// <summary>The kinds of servers: what binds, and what answers.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["tcp-echo", "zcrx-echo", "tcp-frames", "zcrx-frames", "zcrx-mapped"];

    public static async Task<IPEndPoint> StartAsync(string kind)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddZcrx(static zcrx => zcrx.AddQueues(1, 16.MiB()));
        IHost host = builder.Build();
        await host.StartAsync();
        ActorSystem system = host.Services.GetRequiredService<ActorSystem>();
        IZcrx zcrx = host.Services.GetRequiredService<IZcrx>();
        IMaterializer materializer = system.Materializer();
        Flow<ByteString, ByteString, NotUsed> handler = kind.EndsWith("echo", StringComparison.Ordinal) ? Flow.Create<ByteString>() : Counted();
        switch (kind)
        {
            case "tcp-echo" or "tcp-frames":
                Akka.Streams.Dsl.Tcp.ServerBinding tcp = await system.TcpStream().BindAndHandle(handler, materializer, "127.0.0.1", 0);
                return (IPEndPoint)tcp.LocalAddress;
            case "zcrx-echo" or "zcrx-frames":
                ZcrxServerBinding bound = await zcrx.BindAndHandle(handler, materializer, "127.0.0.1", 0);
                return bound.LocalAddress;
            case "zcrx-mapped":
                Source<ZcrxIncomingConnection, Task<ZcrxServerBinding>> connections = zcrx.Bind("127.0.0.1", 0);
                ZcrxServerBinding mapped = await connections.To(Sink.ForEach<ZcrxIncomingConnection>(connection => connection
                    .MapFrames(static buffers => buffers.Frames(LengthPrefix.UInt32BigEndian, MaxFrame), static frame => (int)frame.Length)
                    .Join(Flow.Create<int>().Select(Answer)).Run(materializer))).Run(materializer);
                return mapped.LocalAddress;
            default:
                throw new ArgumentException($"There is no server '{kind}'.", nameof(kind));
        }
    }

    /// <summary>Answers each frame with its length.</summary>
    private static Flow<ByteString, ByteString, NotUsed> Counted() => Flow.Create<ByteString>()
        .Via(Framing.LengthField(4, MaxFrame, 0, ByteOrder.BigEndian))
        .Select(static frame => Answer(frame.Count - 4));

    private static ByteString Answer(int length) => ByteString.FromBytes([(byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length]);
}
