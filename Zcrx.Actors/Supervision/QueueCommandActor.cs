using Akka.Actor;

namespace Zcrx.Actors.Supervision;

/// <summary>Represents one queue in Akka.Hosting's registry, and forwards commands to the supervisor. It outlives the actors of the queue, which a restart replaces.</summary>
internal sealed class QueueCommandActor : ReceiveActor
{
    public QueueCommandActor() => ReceiveAny(static message => Context.Parent.Forward(message));
}
