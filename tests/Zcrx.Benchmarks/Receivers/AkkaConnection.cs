using Akka.Actor;
using Akka.IO;

namespace Zcrx.Benchmarks.Receivers;

/// <summary>Counts the received messages of one connection.</summary>
internal sealed class AkkaConnection(ConnectionMeter meter) : UntypedActor
{
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Tcp.Received received:
                if (meter.ReadsAll)
                {
                    // A ByteString does not expose its memory: reading more than one byte requires a copy.
                    meter.Count(received.Data.ToArray());
                }
                else
                {
                    meter.Count(received.Data[0], received.Data.Count);
                }

                break;
            case Tcp.ConnectionClosed:
                Context.Stop(Self);
                break;
        }
    }
}
