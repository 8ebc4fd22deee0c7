using System.Net;
using Akka.Actor;
using Akka.Configuration;
using Akka.IO;
using Zcrx.Benchmarks.Receivers;

namespace Zcrx.Benchmarks.Messages;

/// <summary>Serves small messages with Akka.IO. Each connection has one actor.</summary>
internal static class AkkaMessageServer
{
    public static Config Configuration { get; } = ConfigurationFactory.ParseString("akka.loglevel = ERROR");

    /// <summary>Returns the replies to all requests that are complete with these bytes.</summary>
    public static ByteString Answer(Exchange exchange, ByteString bytes)
    {
        byte[] replies = new byte[Exchange.LengthOfReplies(bytes.Count)];
        return ByteString.FromBytes(replies, 0, exchange.Answer(bytes.ToArray(), replies));
    }

    public static Task<int> StartAsync()
    {
        TaskCompletionSource<int> port = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ActorSystem.Create("bench", Configuration).ActorOf(Props.Create(() => new Listener(port)), "listener");
        return port.Task;
    }

    private sealed class Listener(TaskCompletionSource<int> port) : UntypedActor
    {
        protected override void PreStart() => Context.System.Tcp().Tell(new Tcp.Bind(Self, LoopbackListener.AnyPort, LoopbackListener.Backlog));

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case Tcp.Bound bound:
                    port.TrySetResult(((IPEndPoint)bound.LocalAddress).Port);
                    break;
                case Tcp.Connected:
                    Sender.Tell(new Tcp.Register(Context.ActorOf(Props.Create(static () => new Answering()))));
                    break;
                case Tcp.CommandFailed failed:
                    port.TrySetException(new InvalidOperationException($"Akka.IO could not bind: {failed}"));
                    break;
            }
        }
    }

    private sealed class Answering : UntypedActor
    {
        private readonly Exchange _exchange = new();

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case Tcp.Received received when Answer(_exchange, received.Data) is { IsEmpty: false } replies:
                    Sender.Tell(Tcp.Write.Create(replies));
                    break;
                case Tcp.ConnectionClosed:
                    Context.Stop(Self);
                    break;
            }
        }
    }
}
