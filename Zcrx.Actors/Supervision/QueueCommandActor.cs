using Akka.Actor;

namespace Zcrx.Actors.Supervision;

/// <summary>Represents one queue in Akka.Hosting's registry. It outlives the actors of the queue, which a restart replaces.</summary>
internal sealed class QueueCommandActor : ReceiveActor
{
    public QueueCommandActor() => Receive<ZcrxCommand>(static command => Context.Parent.Forward(command));
}
