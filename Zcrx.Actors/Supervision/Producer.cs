using Akka.Actor;

namespace Zcrx.Actors.Supervision;

/// <summary>Creates the supervisor, whose constructor is not public.</summary>
internal sealed class Producer(Func<ZcrxSupervisor> produce) : IIndirectActorProducer
{
    public Type ActorType => typeof(ZcrxSupervisor);

    public ActorBase Produce() => produce();

    public void Release(ActorBase actor)
    {
        // Nothing was taken from a container.
    }
}
