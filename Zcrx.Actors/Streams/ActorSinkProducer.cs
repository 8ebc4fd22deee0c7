using Akka.Actor;
using Zcrx.Interop;

namespace Zcrx.Actors.Streams;

/// <summary>Creates the actor of one sink.</summary>
internal sealed class ActorSinkProducer(IObservable<ReceivedBuffer> source, ActorDelivery delivery) : IIndirectActorProducer
{
    public Type ActorType => typeof(ActorSinkActor);

    public ActorBase Produce() => new ActorSinkActor(source, delivery);

    public void Release(ActorBase actor)
    {
        // Nothing was taken from a container.
    }
}
