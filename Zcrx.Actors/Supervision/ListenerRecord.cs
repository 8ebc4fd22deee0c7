using Akka.Actor;

namespace Zcrx.Actors.Supervision;

/// <summary>What the supervisor knows about one listener. Used by the supervisor only.</summary>
internal sealed class ListenerRecord(ListenerSlot slot)
{
    public ListenerSlot Slot { get; } = slot;

    public IActorRef? Actor { get; set; }

    /// <summary>Whether the actor is being stopped and gets no more messages.</summary>
    public bool IsEnding { get; set; }

    public Exception? Error { get; set; }

    public bool WasBound { get; set; }

    /// <summary>Whether nobody of ours accepts there any more, since another process does.</summary>
    public bool IsReleased { get; set; }

    /// <summary>Sends a message to the actor, unless it is ending.</summary>
    public void Tell(object message)
    {
        if (!IsEnding)
        {
            Actor?.Tell(message);
        }
    }

    public ListenerStatus ToStatus() => new()
    {
        Name = Slot.Name,
        EndPoint = Slot.EndPoint,
        Connections = Slot.Connections,
        Accepted = Slot.Accepted,
        Error = Error,
    };
}
