using Akka.Actor;

namespace Zcrx.Actors.Supervision;

/// <summary>Creates the supervisor. Akka cannot create it by reflection, because its constructor is not public.</summary>
internal sealed class Producer(Func<ZcrxSupervisor> produce) : IIndirectActorProducer
{
    public Type ActorType => typeof(ZcrxSupervisor);

    public ActorBase Produce() => produce();

    public void Release(ActorBase actor)
    {
        // The actor comes from no container, so nothing is released.
    }
}
