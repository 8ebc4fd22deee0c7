using System.Net;
using Akka.Actor;
using Akka.IO;

namespace Zcrx.Benchmarks.Receivers;

/// <summary>Binds the port and creates a handler for each connection.</summary>
internal sealed class AkkaListener(Meter meter, TaskCompletionSource<int> port) : UntypedActor
{
    protected override void PreStart() =>
        Context.System.Tcp().Tell(new Tcp.Bind(Self, LoopbackListener.AnyPort, LoopbackListener.Backlog));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Tcp.Bound bound:
                port.TrySetResult(((IPEndPoint)bound.LocalAddress).Port);
                break;
            case Tcp.Connected:
                IActorRef handler = Context.ActorOf(Props.Create(() => new AkkaConnection(meter.Next())));
                Sender.Tell(new Tcp.Register(handler));
                break;
            case Tcp.CommandFailed failed:
                port.TrySetException(new InvalidOperationException($"Akka.IO could not bind: {failed}"));
                break;
        }
    }
}
