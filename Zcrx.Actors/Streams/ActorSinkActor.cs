using Akka.Actor;
using Zcrx.Interop;

namespace Zcrx.Actors.Streams;

/// <summary>The other end of a sink: is told the acknowledgements and the target's end. Ends when nothing is left to be acknowledged.</summary>
internal sealed class ActorSinkActor(IObservable<ReceivedBuffer> source, ActorDelivery delivery) : UntypedActor
{
    private bool _started;

    protected override void PreStart()
    {
        Context.Watch(delivery.Target);
        delivery.Begin(Self);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ZcrxAck { Message: ZcrxStream.Init } when !_started:
                _started = true;
                delivery.SubscribeTo(source);
                break;
            case ZcrxAck { Message: ZcrxStream.Data data }:
                delivery.Acknowledge(data);
                break;
            case Terminated:
                delivery.Abandon();
                break;
            case LookAgain:
                break;
            default:
                Unhandled(message);
                break;
        }

        if (delivery.IsOver)
        {
            Context.Stop(Self);
        }
    }

    // Also before a restart, which must not happen: nothing here throws.
    protected override void PostStop() => delivery.Abandon();

    /// <summary>From the delivery: it may be over.</summary>
    public sealed class LookAgain
    {
        public static LookAgain Instance { get; } = new();
    }
}
