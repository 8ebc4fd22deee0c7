using System.Collections.Immutable;
using System.Net;
using Akka.Actor;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Logging;
using Zcrx.Actors.Messages;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Listening;

/// <summary>Binds and unbinds listeners on command, answers the commands, and publishes the listeners. Owned by the supervisor.</summary>
/// <param name="set">The states of the listeners.</param>
/// <param name="slots">Publishes the configured listeners, and the listeners that commands have bound.</param>
/// <param name="endPoints">Publishes the addresses of the listeners.</param>
/// <param name="kept">The ports of a predecessor that no listener has taken yet.</param>
/// <param name="start">Starts the actor of a listener. The number makes the name of the actor unique.</param>
/// <param name="schedule">Sends <see cref="ListenerCommands.Overdue"/> to the supervisor after a time, unless it is cancelled.</param>
/// <param name="timeout">Returns the time within which a command must be answered, after its drain time.</param>
/// <param name="logger">The log.</param>
internal sealed class ListenerCommands(
    ListenerSet set,
    Published<ImmutableList<ListenerSlot>> slots,
    Published<ListenerEndPoints> endPoints,
    KeptPorts kept,
    Func<int, ListenerSlot, IActorRef> start,
    Func<ListenerCommands.Overdue, TimeSpan, ICancelable> schedule,
    Func<TimeSpan> timeout,
    ILogger logger)
{
    private const string TimedOut = "the command was not completed in time. A ring thread or a callback may be stuck";

    private readonly Dictionary<ListenerSlot, PendingBind> _binds = [];
    private readonly List<PendingUnbind> _unbinds = [];

    /// <summary>Starts the configured listeners.</summary>
    public void Start() => set.Start(start);

    /// <summary>Binds a listener, or answers with the reason of the refusal.</summary>
    /// <param name="options">The options of the listener.</param>
    /// <param name="asker">The sender of the command.</param>
    /// <param name="isStopping">True if the tree is stopping.</param>
    public void Bind(ZcrxListenerOptions options, IActorRef asker, bool isStopping)
    {
        if (Refuse(options, isStopping) is { } refused)
        {
            ZcrxLog.BindRefused(logger, options?.EffectiveName ?? "", refused.Message);
            asker.Tell(refused);
            return;
        }

        ListenerSlot slot = new(WithFreeName(options), kept);
        PendingBind bind = new(slot, asker);
        bind.Limit = schedule(new Overdue(bind), timeout());
        _binds.Add(slot, bind);
        set.Add(slot, start);
    }

    /// <summary>Unbinds a listener, or answers with the reason of the refusal.</summary>
    /// <param name="command">The command.</param>
    /// <param name="asker">The sender of the command.</param>
    public void Unbind(ZcrxCommand.Unbind command, IActorRef asker)
    {
        if (command.Drain is { } drain && (drain < TimeSpan.Zero || drain > TimeSpan.FromDays(1)))
        {
            asker.Tell(new ZcrxReply.Failed(ZcrxFailure.InvalidOptions, null, $"Drain must be between zero and a day, but is {drain}."));
            return;
        }

        ListenerSlot? known = (ListenerSlot?)command.Slot;
        IReadOnlyList<ListenerRecord> found = known is null ? set.FindAll(command.Listener) : set.Find(known) is { Actor: not null } one ? [one] : [];
        if (found.Count == 0)
        {
            if (known is not null)
            {
                asker.Tell(new ZcrxReply.Unbound(known.Name, known.Connections));
                return;
            }

            string[] names = [.. set.Present.Select(static present => present.Slot.Name)];
            asker.Tell(new ZcrxReply.Failed(
                ZcrxFailure.NoSuchListener, null, $"There is no listener '{command.Listener}'; there {(names.Length == 0 ? "are none" : $"are {string.Join(", ", names)}")}."));
            return;
        }

        // Earlier listeners with this name may still have connections. A drain closes these, too, because a command can reach them only by
        // this name.
        ListenerRecord[] affected = [.. found.Take(command.Drain is null ? 1 : found.Count)];
        PendingUnbind unbind = new([.. affected.Select(static listener => listener.Slot)], asker, command.Drain is not null);
        unbind.Limit = schedule(new Overdue(unbind), (command.Drain ?? TimeSpan.Zero) + timeout());
        _unbinds.Add(unbind);
        foreach (ListenerRecord listener in affected)
        {
            if (_binds.Remove(listener.Slot, out PendingBind? bind))
            {
                bind.Answer(Failed(ZcrxFailure.CannotListen, $"The listener {listener.Slot.Name} was unbound first."));
            }

            if (!listener.IsLeaving)
            {
                ZcrxLog.Unbinding(logger, listener.Slot.Name);
            }

            Leave(listener, command.Drain);
        }
    }

    /// <summary>Handles the reports of a listener's actor.</summary>
    public void On(ListenerActor.Report report, IActorContext context)
    {
        switch (report)
        {
            case ListenerActor.Bound bound:
                set.OnBound(bound);
                PublishEndPoints();
                break;
            case ListenerActor.BindFailed failed:
                OnBindFailed(failed, context);
                break;
            case ListenerActor.Refused refused:
                OnRefused(refused);
                break;
            case ListenerActor.Accepting accepting:
                OnAccepting(accepting.Slot);
                break;
            case ListenerActor.Released released:
                set.OnReleased(released);
                OnPortClosed(released.Slot);
                break;
            case ListenerActor.Finished finished:
                set.OnFinished(finished, context);
                break;
            default:
                break;
        }
    }

    /// <summary>Answers a command that was not completed in time.</summary>
    public void On(Overdue message)
    {
        switch (message.Command)
        {
            case PendingBind bind when _binds.GetValueOrDefault(bind.Slot) == bind:
                _binds.Remove(bind.Slot);
                if (set.Find(bind.Slot) is { } listener)
                {
                    // The command fails, so it must leave no listener behind.
                    Leave(listener, TimeSpan.Zero);
                }

                if (bind.Refusal is { } refusal)
                {
                    // A queue refused the port earlier. The answer names this cause, not the timeout.
                    RefuseBind(bind.Slot, bind, refusal);
                    break;
                }

                ZcrxLog.BindRefused(logger, bind.Slot.Name, TimedOut);
                bind.Answer(Failed(ZcrxFailure.TimedOut, $"The listener {bind.Slot.Name} could not be bound: {TimedOut}. It was removed."));
                break;
            case PendingUnbind unbind when _unbinds.Remove(unbind):
                ZcrxLog.UnbindOverdue(logger, unbind.Slots[0].Name, TimedOut);
                unbind.Answer(Failed(ZcrxFailure.TimedOut, unbind.AwaitsEnd
                    ? $"The listener {unbind.Slots[0].Name} still has {unbind.Slots.Sum(static slot => slot.Connections)} connection(s): {TimedOut}. They are closed as soon as this is possible."
                    : $"The port of the listener {unbind.Slots[0].Name} is not closed yet: {TimedOut}. It is closed as soon as this is possible."));
                break;
            default:
                break;
        }
    }

    /// <summary>Removes the listener whose actor has ended, and answers the commands that wait for it.</summary>
    /// <returns>False if the actor does not belong to a listener.</returns>
    public bool OnTerminated(IActorRef actor)
    {
        if (set.SlotOf(actor) is not { } slot)
        {
            return false;
        }

        set.OnTerminated(actor);
        OnPortClosed(slot);
        AnswerUnbinds(slot, static _ => true);
        return true;
    }

    /// <summary>Closes the ports once the queues have stopped accepting. Pending bind commands are refused.</summary>
    public void Stop()
    {
        Cancel(ZcrxFailure.Stopping, "Zcrx is being stopped.");
        set.Stop();
    }

    /// <summary>
    /// Answers all pending commands, because a restart of the supervisor replaces this object. Connections of unbound listeners continue.
    /// </summary>
    public void Abandon()
    {
        Cancel(ZcrxFailure.CannotListen, "The supervisor failed and restarts. Try again.");
        foreach (ListenerSlot slot in _unbinds.SelectMany(static unbind => unbind.Slots).Distinct().ToArray())
        {
            AnswerUnbinds(slot, static _ => true);
        }
    }

    private static ZcrxReply.Failed Failed(ZcrxFailure reason, string message, Exception? cause = null) => new(reason, null, message, cause);

    private ZcrxReply.Failed? Refuse(ZcrxListenerOptions? options, bool isStopping)
    {
        if (isStopping)
        {
            return Failed(ZcrxFailure.Stopping, "Zcrx is being stopped.");
        }

        if (set.IsReleased)
        {
            return Failed(ZcrxFailure.NotAccepting, "The ports were closed, by CloseListeners or because another process has taken over. They are not opened again; start the service again.");
        }

        if (options is null)
        {
            return Failed(ZcrxFailure.InvalidOptions, "There are no options. Give the listener at least EndPoint and Handler.");
        }

        List<ZcrxConfigurationError> errors = [.. options.Validate()];
        if (!ListenEndPoint.TryParse(options.EndPoint, out IPEndPoint? endPoint))
        {
            errors.Add(new ZcrxConfigurationError(nameof(options.EndPoint), $"'{options.EndPoint}' is not an address; {ListenEndPoint.Expected}"));
        }

        if (options.Handler is null)
        {
            errors.Add(new ZcrxConfigurationError(nameof(options.Handler), "must not be null"));
        }

        if (errors.Count > 0)
        {
            return Failed(ZcrxFailure.InvalidOptions, $"The options of the listener are invalid: {string.Join("; ", errors)}.", new ZcrxConfigurationException(errors));
        }

        return IsNamed(options) && IsTaken(options.EffectiveName)
            ? Failed(ZcrxFailure.ListenerExists, $"A listener '{options.Name}' is bound to {Present(options.EffectiveName)}. Choose another name, or unbind it first.")
            : null;
    }

    private string Present(string name) => set.Present.FirstOrDefault(listener => listener.Slot.Name == name)?.Slot is { } slot ? slot.EndPoint?.ToString() ?? slot.Address : "another address";

    private bool IsTaken(string name) => set.Present.Any(listener => listener.Slot.Name == name);

    private static bool IsNamed(ZcrxListenerOptions options) => !string.IsNullOrWhiteSpace(options.Name);

    /// <summary>
    /// Names an unnamed listener after its address. Adds a number if the name is taken, because several listeners may have port 0 and each
    /// must be unbound by its name.
    /// </summary>
    private ZcrxListenerOptions WithFreeName(ZcrxListenerOptions options)
    {
        string name = options.EffectiveName;
        for (int i = 2; !IsNamed(options) && IsTaken(name); i++)
        {
            name = $"{options.EndPoint} ({i})";
        }

        return name == options.EffectiveName ? options : options.Named(name);
    }

    private void OnBindFailed(ListenerActor.BindFailed message, IActorContext context)
    {
        if (_binds.Remove(message.Slot, out PendingBind? bind))
        {
            set.Find(message.Slot)!.IsLeaving = true;
            RefuseBind(message.Slot, bind, message.Cause);
        }

        set.OnBindFailed(message, context);
    }

    private void OnRefused(ListenerActor.Refused message)
    {
        if (_binds.TryGetValue(message.Slot, out PendingBind? bind))
        {
            bind.Refusal ??= new ZcrxException(
                $"Accepting on {message.Slot.EndPoint?.ToString() ?? message.Slot.Address} with the queue {message.Queue}", 0, message.Cause.Message.TrimEnd('.'), "Choose another port", message.Cause);
        }
        else if (set.Find(message.Slot) is { IsLeaving: false })
        {
            ZcrxLog.QueueDoesNotAccept(logger, message.Queue, message.Slot.Name, message.Cause);
        }
    }

    private void OnAccepting(ListenerSlot slot)
    {
        if (!_binds.TryGetValue(slot, out PendingBind? bind) || set.Find(slot) is not { } listener || slot.EndPoint is not { } endPoint)
        {
            return;
        }

        if (bind.Refusal is not null)
        {
            // One queue refused the port, so the listener is removed with its connections. The command is answered when the port is closed.
            Leave(listener, TimeSpan.Zero);
            return;
        }

        _binds.Remove(slot);
        slots.Publish(slots.Value.Add(slot));
        slot.OnPublished();
        PublishEndPoints();
        bind.Answer(new ZcrxReply.Bound(slot.Name, endPoint) { Slot = slot });
    }

    private void Leave(ListenerRecord listener, TimeSpan? drain)
    {
        if (!listener.IsLeaving)
        {
            listener.IsLeaving = true;
            slots.Publish(slots.Value.Remove(listener.Slot));
            PublishEndPoints();
        }

        listener.Tell(new ListenerActor.Release(drain));
    }

    private void OnPortClosed(ListenerSlot slot)
    {
        slot.OnPortClosed();
        if (_binds.Remove(slot, out PendingBind? bind))
        {
            RefuseBind(slot, bind, bind.Refusal ?? new ZcrxException($"Listening on {slot.Address}", 0, "the listener's actor was stopped from outside", ""));
        }

        AnswerUnbinds(slot, static unbind => !unbind.AwaitsEnd);
    }

    private void RefuseBind(ListenerSlot slot, PendingBind bind, Exception cause)
    {
        ZcrxLog.BindRefused(logger, slot.Name, cause.Message);
        bind.Answer(Failed(ZcrxFailure.CannotListen, cause.Message, cause));
    }

    private void AnswerUnbinds(ListenerSlot slot, Predicate<PendingUnbind> which)
    {
        foreach (PendingUnbind unbind in _unbinds.Where(unbind => unbind.Slots.Contains(slot) && which(unbind)).ToArray())
        {
            if (unbind.IsLast(slot))
            {
                _unbinds.Remove(unbind);
                unbind.Answer(new ZcrxReply.Unbound(slot.Name, unbind.Slots.Sum(static one => one.Connections)));
            }
        }
    }

    private void Cancel(ZcrxFailure reason, string message)
    {
        foreach (PendingBind bind in _binds.Values)
        {
            bind.Answer(Failed(reason, message));
        }

        _binds.Clear();
    }

    private void PublishEndPoints() => endPoints.Publish(new ListenerEndPoints(set.Present
        .Where(listener => listener.Slot.EndPoint is not null && !_binds.ContainsKey(listener.Slot))
        .Select(static listener => KeyValuePair.Create(listener.Slot.Name, listener.Slot.EndPoint!))));

    /// <summary>Reminds the supervisor that the time limit of a command is over.</summary>
    /// <param name="Command">The command.</param>
    public sealed record Overdue(object Command) : ILocalMessage;

    /// <summary>Represents a command that is not answered yet.</summary>
    private abstract class Pending(IActorRef asker)
    {
        /// <summary>Gets or sets the timer that reports the command as overdue.</summary>
        public ICancelable? Limit { get; set; }

        public void Answer(ZcrxReply reply)
        {
            Limit?.Cancel();
            asker.Tell(reply);
        }
    }

    /// <summary>Represents a bind command that is not answered yet.</summary>
    private sealed class PendingBind(ListenerSlot slot, IActorRef asker) : Pending(asker)
    {
        public ListenerSlot Slot => slot;

        public ZcrxException? Refusal { get; set; }
    }

    /// <summary>Represents an unbind command that is not answered yet.</summary>
    private sealed class PendingUnbind(IReadOnlyList<ListenerSlot> slots, IActorRef asker, bool awaitsEnd) : Pending(asker)
    {
        private readonly HashSet<ListenerSlot> _awaited = [.. slots];

        public IReadOnlyList<ListenerSlot> Slots => slots;

        public bool AwaitsEnd => awaitsEnd;

        /// <summary>Records that the wait for a slot is over. Returns true if no other slot is awaited.</summary>
        public bool IsLast(ListenerSlot slot) => _awaited.Remove(slot) && _awaited.Count == 0;
    }
}
