using Akka.Actor;

namespace Zcrx.Actors.Supervision;

/// <summary>Creates the supervisor, whose constructor is not public, with what outlives it.</summary>
internal sealed class SupervisorProducer(ZcrxRuntime runtime) : IIndirectActorProducer
{
    public Type ActorType => typeof(ZcrxSupervisor);

    public ActorBase Produce() => new ZcrxSupervisor(runtime);

    public void Release(ActorBase actor)
    {
        // Nothing was taken from a container.
    }
}
