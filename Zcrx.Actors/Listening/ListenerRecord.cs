using Akka.Actor;

namespace Zcrx.Actors.Listening;

/// <summary>Represents the state of one listener. Owned by the <see cref="ListenerSet"/>.</summary>
internal sealed class ListenerRecord(ListenerSlot slot)
{
    private bool _isEnding;
    private bool _isReportedClosed;

    public ListenerSlot Slot { get; } = slot;

    public IActorRef? Actor { get; set; }

    public Exception? Error { get; set; }

    public bool WasBound { get; set; }

    /// <summary>Gets or sets a value indicating whether all queues of this process have stopped accepting on the listener.</summary>
    public bool IsReleased { get; set; }

    /// <summary>
    /// Gets or sets a value indicating whether the listener was unbound, or could not be bound at run time. Its name is free again. The
    /// listener is removed when its actor ends.
    /// </summary>
    public bool IsLeaving { get; set; }

    /// <summary>
    /// Gets a value indicating whether the listener is in the configuration and is not being removed. The start of the actor tree waits
    /// only for such listeners.
    /// </summary>
    public bool IsConfigured => !Slot.IsAdded && !IsLeaving;

    /// <summary>Sends a message to the listener's actor. Does nothing once the actor is being stopped.</summary>
    public void Tell(object message)
    {
        if (!_isEnding)
        {
            Actor?.Tell(message);
        }
    }

    /// <summary>Stops the listener's actor. <see cref="Tell"/> sends it no more messages.</summary>
    public void End(IActorContext context)
    {
        if (Actor is { } actor)
        {
            _isEnding = true;
            context.Stop(actor);
        }
    }

    /// <summary>Returns true on the first call only. The caller must then report that the port is closed.</summary>
    public bool TryReportClosed()
    {
        bool isFirst = !_isReportedClosed;
        _isReportedClosed = true;
        return isFirst;
    }

    public ListenerStatus ToStatus() => new()
    {
        Name = Slot.Name,
        EndPoint = Slot.EndPoint,
        Connections = Slot.Connections,
        Accepted = Slot.Accepted,
        Refused = Slot.Gate.Refused,
        MaxConnections = Slot.Gate.MaxConnections,
        IsFull = Slot.Gate.MaxConnections > 0 && Slot.Gate.Connections >= Slot.Gate.MaxConnections,
        Error = Error,
    };
}
