using Akka.Actor;
using Akka.Event;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Logging;
using Zcrx.Rx;

namespace Zcrx.Actors.Listening;

/// <summary>Keeps the states of the listeners, and gives them every queue that opens. Belongs to the supervisor.</summary>
/// <param name="slots">The listeners.</param>
/// <param name="isAccepting">Whether queues accept as soon as they are open. Otherwise another process still accepts, and <see cref="BeginAccepting"/> ends that.</param>
/// <param name="logger">The log.</param>
/// <param name="events">Where changes are published.</param>
internal sealed class ListenerSet(IReadOnlyList<ListenerSlot> slots, bool isAccepting, ILogger logger, EventStream events)
{
    private readonly List<ListenerRecord> _listeners = [.. slots.Select(static slot => new ListenerRecord(slot))];
    private readonly Dictionary<string, ZcrxQueue> _open = new(StringComparer.Ordinal);
    private readonly List<IActorRef> _awaitingRelease = [];
    private readonly List<IActorRef> _awaitingEnd = [];
    private bool _isAccepting = isAccepting;
    private bool _isStopping;

    /// <summary>Gets whether the ports were closed, by command or because another process accepts. They are not opened again.</summary>
    public bool IsReleased { get; private set; }

    /// <summary>Gets whether connections are accepted.</summary>
    public bool IsAccepting => _isAccepting && !IsReleased && !_isStopping;

    /// <summary>Gets whether every listener was bound.</summary>
    public bool IsBound => _listeners.TrueForAll(static listener => listener.WasBound);

    /// <summary>Gets whether every listener was bound or has failed.</summary>
    public bool IsDecided => _listeners.TrueForAll(static listener => listener.WasBound || listener.Error is not null);

    /// <summary>Gets the errors of the listeners that failed.</summary>
    public IEnumerable<Exception> Errors => _listeners.Select(static listener => listener.Error).OfType<Exception>();

    /// <summary>Gets whether every listener has ended, which it does after its last connection.</summary>
    public bool HasEnded => _listeners.TrueForAll(static listener => listener.Actor is null);

    /// <summary>Starts an actor for each listener.</summary>
    /// <param name="start">Starts the actor of a slot, by its index.</param>
    public void Start(Func<int, ListenerSlot, IActorRef> start)
    {
        for (int i = 0; i < _listeners.Count; i++)
        {
            _listeners[i].Actor = start(i, _listeners[i].Slot);
        }
    }

    /// <summary>Returns the name of the listener of an actor; null for another actor.</summary>
    public string? NameOf(IActorRef actor) => Find(actor)?.Slot.Name;

    /// <summary>Lets queues accept that were open before another process stopped accepting.</summary>
    public void BeginAccepting()
    {
        _isAccepting = true;
        foreach ((string name, ZcrxQueue queue) in _open)
        {
            Attach(name, queue);
        }
    }

    /// <summary>Lets a queue accept, now that it is open.</summary>
    public void OnQueueOpened(string name, ZcrxQueue queue)
    {
        if (!_open.TryGetValue(name, out ZcrxQueue? known) || known != queue)
        {
            _open[name] = queue;
            Attach(name, queue);
        }
    }

    /// <summary>Forgets a queue that is closed. It has ended accepting by itself.</summary>
    public void OnQueueClosed(string name) => _open.Remove(name);

    /// <summary>Closes the ports, which are not opened again. Connections stay open.</summary>
    /// <param name="asker">Answered when no queue accepts any more.</param>
    public void Release(IActorRef asker)
    {
        _awaitingRelease.Add(asker);
        IsReleased = true;
        _listeners.ForEach(static listener => listener.Tell(new ListenerActor.Release()));
    }

    /// <summary>Adds an asker that is answered when the last connection is closed after <see cref="Release"/>.</summary>
    public void AwaitEnd(IActorRef asker) => _awaitingEnd.Add(asker);

    /// <summary>Answers those that wait, as far as what they wait for has happened.</summary>
    public void AnswerAll(Func<ZcrxStatus> status)
    {
        if (IsReleased && _listeners.TrueForAll(static listener => listener.IsReleased || listener.Actor is null))
        {
            Answer(_awaitingRelease);
        }

        if (IsReleased && HasEnded)
        {
            Answer(_awaitingEnd);
        }

        void Answer(List<IActorRef> waiting)
        {
            waiting.ForEach(actor => actor.Tell(status()));
            waiting.Clear();
        }
    }

    /// <summary>Closes the ports once the queues have stopped accepting.</summary>
    public void Stop()
    {
        _isStopping = true;
        _listeners.ForEach(static listener => listener.Tell(new ListenerActor.Stop()));
    }

    /// <summary>Handles that a listener has its port. Also sent after a restart of its actor, which then needs the queues again.</summary>
    public void OnBound(ListenerActor.Bound message)
    {
        if (Find(message.Slot) is not { Actor: not null } listener || message.Slot.EndPoint is not { } endPoint)
        {
            return;
        }

        if (IsReleased || _isStopping)
        {
            listener.Tell(IsReleased ? new ListenerActor.Release() : new ListenerActor.Stop());
            return;
        }

        foreach ((string name, ZcrxQueue queue) in _open)
        {
            if (_isAccepting)
            {
                listener.Tell(new ListenerActor.Attach(name, queue));
            }
        }

        if (!listener.WasBound)
        {
            listener.WasBound = true;
            ZcrxLog.ListenerBound(logger, listener.Slot.Name, endPoint);
            events.Publish(new ZcrxEvent.ListenerBound(listener.Slot.Name, endPoint));
        }
    }

    /// <summary>Handles that a port could not be bound.</summary>
    public void OnBindFailed(ListenerActor.BindFailed message, IActorContext context)
    {
        if (Find(message.Slot) is { } listener)
        {
            listener.Error = message.Cause;
            listener.End(context);
            ZcrxLog.ListenerFailed(logger, listener.Slot.Name, message.Cause);
            events.Publish(new ZcrxEvent.ListenerFailed(listener.Slot.Name, message.Cause));
        }
    }

    /// <summary>Handles that no queue accepts on a port any more.</summary>
    public void OnReleased(ListenerActor.Released message)
    {
        if (Find(message.Slot) is { } listener)
        {
            listener.IsReleased = true;
        }
    }

    /// <summary>Handles that the last connection of a listener is closed.</summary>
    public void OnFinished(ListenerActor.Finished message, IActorContext context) => Find(message.Slot)?.End(context);

    /// <summary>Handles the end of an actor.</summary>
    /// <returns>False if it is not a listener's.</returns>
    public bool OnTerminated(IActorRef actor)
    {
        if (Find(actor) is not { } listener)
        {
            return false;
        }

        listener.Actor = null;
        if (listener.Error is not null)
        {
            return true;
        }

        if (!_isStopping && !IsReleased)
        {
            listener.Error = new InvalidOperationException("The listener's actor was stopped from outside.");
            ZcrxLog.ListenerFailed(logger, listener.Slot.Name, listener.Error);
        }

        ZcrxLog.ListenerClosed(logger, listener.Slot.Name);
        events.Publish(new ZcrxEvent.ListenerClosed(listener.Slot.Name));
        return true;
    }

    public IReadOnlyList<ListenerStatus> ToStatus() => [.. _listeners.Select(static listener => listener.ToStatus())];

    private void Attach(string name, ZcrxQueue queue)
    {
        if (_isAccepting && !_isStopping)
        {
            _listeners.ForEach(listener => listener.Tell(new ListenerActor.Attach(name, queue)));
        }
    }

    private ListenerRecord? Find(ListenerSlot slot) => _listeners.Find(listener => listener.Slot == slot);

    private ListenerRecord? Find(IActorRef actor) => _listeners.Find(listener => actor.Equals(listener.Actor));
}

/// <summary>Represents the state of one listener.</summary>
internal sealed class ListenerRecord(ListenerSlot slot)
{
    private bool _isEnding;

    public ListenerSlot Slot { get; } = slot;

    public IActorRef? Actor { get; set; }

    public Exception? Error { get; set; }

    public bool WasBound { get; set; }

    /// <summary>Gets or sets whether no queue of this process accepts there any more.</summary>
    public bool IsReleased { get; set; }

    /// <summary>Sends a message to the actor, unless it is being stopped.</summary>
    public void Tell(object message)
    {
        if (!_isEnding)
        {
            Actor?.Tell(message);
        }
    }

    /// <summary>Stops the actor, which receives no more messages.</summary>
    public void End(IActorContext context)
    {
        if (Actor is { } actor)
        {
            _isEnding = true;
            context.Stop(actor);
        }
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
