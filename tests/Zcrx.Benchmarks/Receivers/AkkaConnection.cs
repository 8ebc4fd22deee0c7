using Akka.Actor;
using Akka.IO;

namespace Zcrx.Benchmarks.Receivers;

/// <summary>Counts the bytes that arrive on one connection of Akka.IO.</summary>
internal sealed class AkkaConnection(ConnectionMeter meter) : UntypedActor
{
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Tcp.Received received:
                meter.Count(received.Data);
                break;
            case Tcp.ConnectionClosed:
                Context.Stop(Self);
                break;
        }
    }
}
