using Akka.Actor;
using Akka.Event;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Logging;
using Zcrx.Rx;

namespace Zcrx.Actors.Listening;

/// <summary>Tracks the states of the listeners, and lets every open queue accept on each of them. Owned by the supervisor.</summary>
/// <param name="slots">The configured listeners.</param>
/// <param name="isAccepting">
/// True if queues accept as soon as they are open. False if the predecessor of a takeover still accepts, so that queues accept after
/// <see cref="BeginAccepting"/>.
/// </param>
/// <param name="logger">The log.</param>
/// <param name="events">Publishes the changes.</param>
internal sealed class ListenerSet(IReadOnlyList<ListenerSlot> slots, bool isAccepting, ILogger logger, EventStream events)
{
    private readonly List<ListenerRecord> _listeners = [.. slots.Select(static slot => new ListenerRecord(slot))];
    private readonly Dictionary<string, ZcrxQueue> _open = new(StringComparer.Ordinal);
    private readonly List<IActorRef> _awaitingRelease = [];
    private readonly List<IActorRef> _awaitingEnd = [];
    private bool _isAccepting = isAccepting;
    private bool _isStopping;
    private int _started;

    /// <summary>
    /// Gets a value indicating whether the ports were closed permanently, by a command or because another process has taken over.
    /// </summary>
    public bool IsReleased { get; private set; }

    /// <summary>Gets a value indicating whether connections are accepted.</summary>
    public bool IsAccepting => _isAccepting && !IsReleased && !_isStopping;

    /// <summary>Gets a value indicating whether every configured listener was bound.</summary>
    public bool IsBound => Configured.All(static listener => listener.WasBound);

    /// <summary>
    /// Gets a value indicating whether the outcome of the start is known for every configured listener: it was bound or has failed.
    /// </summary>
    public bool IsDecided => Configured.All(static listener => listener.WasBound || listener.Error is not null);

    /// <summary>Gets the errors of the configured listeners that failed.</summary>
    public IEnumerable<Exception> Errors => Configured.Select(static listener => listener.Error).OfType<Exception>();

    /// <summary>
    /// Gets the configured listeners in their order, then the listeners that were bound at run time. Does not include listeners that are
    /// being removed.
    /// </summary>
    public IEnumerable<ListenerRecord> Present => _listeners.Where(static listener => !listener.IsLeaving);

    /// <summary>
    /// Gets a value indicating whether the actor of every listener has ended. An actor ends after the last connection of its listener.
    /// </summary>
    public bool HasEnded => _listeners.TrueForAll(static listener => listener.Actor is null);

    private IEnumerable<ListenerRecord> Configured => _listeners.Where(static listener => listener.IsConfigured);

    /// <summary>Starts an actor for each listener.</summary>
    /// <param name="start">Starts the actor of a slot. The number makes the name of the actor unique.</param>
    public void Start(Func<int, ListenerSlot, IActorRef> start) => _listeners.ForEach(listener => listener.Actor = start(_started++, listener.Slot));

    /// <summary>Adds a listener, and starts its actor.</summary>
    public ListenerRecord Add(ListenerSlot slot, Func<int, ListenerSlot, IActorRef> start)
    {
        ListenerRecord listener = new(slot);
        _listeners.Add(listener);
        listener.Actor = start(_started++, slot);
        return listener;
    }

    /// <summary>Returns the listener of a slot, or null if it was removed.</summary>
    public ListenerRecord? Find(ListenerSlot slot) => _listeners.Find(listener => listener.Slot == slot);

    /// <summary>
    /// Returns the listeners with the given name whose actors have not ended. The present listener is first. Listeners that are being
    /// removed follow, the most recently added one first.
    /// </summary>
    public IReadOnlyList<ListenerRecord> FindAll(string name) =>
        [.. Enumerable.Reverse(_listeners).Where(listener => listener.Slot.Name == name && listener.Actor is not null).OrderBy(static listener => listener.IsLeaving)];

    /// <summary>Returns the slot of the listener that an actor belongs to; null if the actor belongs to none.</summary>
    public ListenerSlot? SlotOf(IActorRef actor) => Find(actor)?.Slot;

    /// <summary>Lets the open queues accept. Called when the predecessor of a takeover has stopped accepting.</summary>
    public void BeginAccepting()
    {
        _isAccepting = true;
        foreach ((string name, ZcrxQueue queue) in _open)
        {
            Attach(name, queue);
        }
    }

    /// <summary>Lets a queue that has opened accept on the listeners.</summary>
    public void OnQueueOpened(string name, ZcrxQueue queue)
    {
        if (!_open.TryGetValue(name, out ZcrxQueue? known) || known != queue)
        {
            _open[name] = queue;
            Attach(name, queue);
        }
    }

    /// <summary>Removes a closed queue, so that listeners that are bound later do not use it.</summary>
    public void OnQueueClosed(string name) => _open.Remove(name);

    /// <summary>Closes the ports, which are not opened again. Connections stay open.</summary>
    /// <param name="asker">The actor that is answered when no queue accepts any more.</param>
    public void Release(IActorRef asker)
    {
        _awaitingRelease.Add(asker);
        IsReleased = true;
        _listeners.ForEach(static listener => listener.Tell(new ListenerActor.Release()));
    }

    /// <summary>
    /// Adds an actor that is answered when the ports are closed by <see cref="Release"/> and the last connection has ended.
    /// </summary>
    public void AwaitEnd(IActorRef asker) => _awaitingEnd.Add(asker);

    /// <summary>Answers the actors that wait until no queue accepts or until the last connection has ended, if this is now so.</summary>
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

    /// <summary>
    /// Lets the open queues accept on a listener whose port is bound. Also called after a restart of its actor, which has lost its queues.
    /// </summary>
    public void OnBound(ListenerActor.Bound message)
    {
        if (Find(message.Slot) is not { Actor: not null } listener || message.Slot.EndPoint is not { } endPoint)
        {
            return;
        }

        if (IsReleased || _isStopping || listener.IsLeaving)
        {
            listener.Tell(IsReleased || listener.IsLeaving ? new ListenerActor.Release() : new ListenerActor.Stop());
            return;
        }

        foreach ((string name, ZcrxQueue queue) in _open)
        {
            if (_isAccepting)
            {
                listener.Tell(new ListenerActor.Attach(name, queue));
            }
        }

        listener.Tell(new ListenerActor.Confirm());
        if (!listener.WasBound)
        {
            listener.WasBound = true;
            ZcrxLog.ListenerBound(logger, listener.Slot.Name, endPoint);
            events.Publish(new ZcrxEvent.ListenerBound(listener.Slot.Name, endPoint));
        }
    }

    /// <summary>Stops the actor of a listener that could not be bound, and reports the failure.</summary>
    public void OnBindFailed(ListenerActor.BindFailed message, IActorContext context)
    {
        if (Find(message.Slot) is not { } listener)
        {
            return;
        }

        listener.Error = message.Cause;
        listener.End(context);
        if (!listener.IsLeaving)
        {
            ZcrxLog.ListenerFailed(logger, listener.Slot.Name, message.Cause);
            events.Publish(new ZcrxEvent.ListenerFailed(listener.Slot.Name, message.Cause));
        }
    }

    /// <summary>Records that no queue accepts on a port any more.</summary>
    public void OnReleased(ListenerActor.Released message)
    {
        if (Find(message.Slot) is { } listener)
        {
            listener.IsReleased = true;
            if (listener.IsLeaving)
            {
                // Reported here and not at the end of the actor: the actor lives until its last connection is
                // closed, which may never happen.
                ReportClosed(listener);
            }
        }
    }

    /// <summary>Stops the actor of a listener whose last connection is closed.</summary>
    public void OnFinished(ListenerActor.Finished message, IActorContext context) => Find(message.Slot)?.End(context);

    /// <summary>Records that the actor of a listener has ended, and reports that the port is closed.</summary>
    public void OnTerminated(IActorRef actor)
    {
        if (Find(actor) is not { } listener)
        {
            return;
        }

        listener.Actor = null;
        if (listener.IsLeaving)
        {
            _listeners.Remove(listener);
        }

        if (listener.Error is not null)
        {
            return;
        }

        if (!_isStopping && !IsReleased && !listener.IsLeaving)
        {
            listener.Error = new InvalidOperationException("The listener's actor was stopped from outside.");
            ZcrxLog.ListenerFailed(logger, listener.Slot.Name, listener.Error);
        }

        ReportClosed(listener);
    }

    // Does not list a listener that could not be bound at run time, although its actor may still exist.
    public IReadOnlyList<ListenerStatus> ToStatus() => [.. _listeners.Where(static listener => !listener.IsLeaving || listener.WasBound).Select(static listener => listener.ToStatus())];

    private void Attach(string name, ZcrxQueue queue)
    {
        if (_isAccepting && !_isStopping)
        {
            // Listeners that are being removed ignore the message.
            _listeners.ForEach(listener => listener.Tell(new ListenerActor.Attach(name, queue)));
        }
    }

    private void ReportClosed(ListenerRecord listener)
    {
        // Does not report a listener that is removed before it was bound, because it had no port.
        if (listener.TryReportClosed() && (listener.WasBound || !listener.IsLeaving))
        {
            ZcrxLog.ListenerClosed(logger, listener.Slot.Name);
            events.Publish(new ZcrxEvent.ListenerClosed(listener.Slot.Name));
        }
    }

    private ListenerRecord? Find(IActorRef actor) => _listeners.Find(listener => actor.Equals(listener.Actor));
}
