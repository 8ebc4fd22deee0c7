using Akka.Actor;

namespace Zcrx.Actors.Supervision;

/// <summary>What the supervisor knows about one listener. Used by the supervisor only.</summary>
internal sealed class ListenerRecord(ListenerSlot slot)
{
    public ListenerSlot Slot { get; } = slot;

    public IActorRef? Actor { get; set; }

    public Exception? Error { get; set; }

    public bool WasBound { get; set; }

    /// <summary>Whether nobody of ours accepts there any more, since another process does.</summary>
    public bool IsReleased { get; set; }

    public ListenerStatus ToStatus() => new()
    {
        Name = Slot.Name,
        EndPoint = Slot.EndPoint,
        Connections = Slot.Connections,
        Accepted = Slot.Accepted,
        Error = Error,
    };
}
