using System.Net;
using Akka;
using Akka.Actor;
using Akka.IO;
using Akka.Streams;
using Akka.Streams.Dsl;
using Zcrx.Benchmarks.Receivers;
using Tcp = Akka.Streams.Dsl.Tcp;

namespace Zcrx.Benchmarks.Messages;

/// <summary>Serves small messages with <c>Tcp()</c> of Akka.Streams. Each connection has one flow.</summary>
internal static class StreamsMessageServer
{
    public static async Task<int> StartAsync()
    {
        ActorSystem system = ActorSystem.Create("bench", AkkaMessageServer.Configuration);
        IMaterializer materializer = system.Materializer();
        Tcp.ServerBinding binding = await system.TcpStream().Bind(LoopbackListener.AnyPort.Address.ToString(), 0, LoopbackListener.Backlog)
            .To(Sink.ForEach<Tcp.IncomingConnection>(connection => connection.HandleWith(CreateFlow(), materializer)))
            .Run(materializer);
        return ((IPEndPoint)binding.LocalAddress).Port;
    }

    private static Flow<ByteString, ByteString, NotUsed> CreateFlow()
    {
        Exchange exchange = new();
        return Flow.Create<ByteString>().Select(bytes => AkkaMessageServer.Answer(exchange, bytes)).Where(static replies => !replies.IsEmpty);
    }
}
