using System.Diagnostics;
using Akka.Actor;
using Akka.Event;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Messages;
using Zcrx.Rx;

namespace Zcrx.Actors.Queues;

/// <summary>Owns at most one incarnation of a queue, and passes its registration on. Owned by the <see cref="QueueSupervisor"/>.</summary>
/// <remarks>An RX queue has one owner, so an incarnation begins only when the last one's queue is closed.</remarks>
/// <param name="name">The name of the queue.</param>
/// <param name="opener">Opens and closes the queues.</param>
/// <param name="directory">The open queues as streams.</param>
/// <param name="outstanding">Collects work that continues when the supervisor ends. Work that an earlier supervisor left is awaited
/// first.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed class Incarnations(string name, QueueOpener opener, QueueDirectory directory, OutstandingWork outstanding, TimeProvider time, ILogger logger)
{
    private static readonly Task<ZcrxQueue?> Nothing = Task.FromResult<ZcrxQueue?>(null);

    private Task<ZcrxQueue?> _closing = QueueOpener.CloseAsync(outstanding.WhenDone());
    private bool _isClosed;
    private Incarnation? _current;
    private ZcrxQueue? _next;
    private ZcrxQueueOptions? _registeredWith;

    /// <summary>Gets a value indicating whether the present incarnation works.</summary>
    public bool IsAlive => _current is { IsAlive: true };

    /// <summary>Gets a value indicating whether there is no incarnation, and the queue of the last one is closed.</summary>
    public bool AreClosed => _current is null && _isClosed;

    /// <summary>Waits until the queue of the last incarnation is closed. The actor then receives <see cref="Closed"/>.</summary>
    public void AwaitClosing(IActorContext context)
    {
        _isClosed = false;
        _ = _closing.PipeTo(context.Self, success: static next => new Closed(next), failure: static _ => new Closed(null));
    }

    /// <summary>Handles that the queue of the last incarnation is closed.</summary>
    /// <param name="message">The message.</param>
    /// <param name="keepsNext">Whether a queue that continues the registration is used. It is closed first otherwise.</param>
    /// <param name="context">The actor.</param>
    /// <returns>Whether everything is closed now.</returns>
    public bool OnClosed(Closed message, bool keepsNext, IActorContext context)
    {
        if (message.Next is not null && !keepsNext)
        {
            _closing = QueueOpener.DropAsync(_closing, null);
            AwaitClosing(context);
            return false;
        }

        _isClosed = true;
        (_closing, _next) = (Nothing, message.Next);
        return true;
    }

    /// <summary>Begins an incarnation: with the queue that continues the registration, or with another registration.</summary>
    public void Begin(ZcrxQueueOptions options, ZcrxWatchdogOptions watchdog, ActivityContext cause, IActorContext context)
    {
        Task<ZcrxQueue> opening;
        if (_next is { } next)
        {
            _next = null;
            opening = Task.FromResult(next);
        }
        else
        {
            _registeredWith = options;
            opening = opener.OpenAsync(options, cause);
        }

        Props props = Props.Create(() => new QueueIncarnation(name, opening, directory, watchdog, time, logger)).WithDeploy(Deploy.Local).WithDispatcher(context.Props.Dispatcher);
        EventStream events = context.System.EventStream;
        _current = new Incarnation(
            context.Watch(context.ActorOf(props, "incarnation")), opening, queue => new QueueWatchdog(queue, watchdog, time, logger, events));
        _isClosed = false;
    }

    /// <summary>Makes the present incarnation end. A repeated call can only shorten the time.</summary>
    public void Stop(TimeSpan drain) => _current?.Stop(drain);

    /// <summary>
    /// Makes the present incarnation end for another one, which continues its registration where kernel and options allow it.
    /// </summary>
    /// <param name="queue">The queue of the present incarnation if its registration may be continued; null for a new registration.</param>
    /// <param name="options">The options of the next incarnation.</param>
    /// <param name="drain">The time limit for delivering what has arrived.</param>
    /// <param name="cause">The restart.</param>
    public void Replace(ZcrxQueue? queue, ZcrxQueueOptions options, TimeSpan drain, ActivityContext cause)
    {
        if (_current is not { IsAlive: true } incarnation)
        {
            return;
        }

        if (queue is not null && _registeredWith is { } registered && QueueOpener.CanTakeOver(queue, registered, options))
        {
            incarnation.Takeover ??= opener.TakeOverAsync(queue, options, cause);
        }

        incarnation.Stop(drain, suspendsConnections: true);
    }

    /// <summary>Ends the actor that reported its failure, or its end as demanded.</summary>
    public void End(Exception? failure, ICanTell sender, IActorContext context) => _current?.End(failure, sender, context);

    /// <summary>Records why the actor of the present incarnation threw.</summary>
    public void OnThrown(Exception exception) => _current?.Failure = exception;

    /// <summary>Handles the end of an actor, and closes its queue.</summary>
    /// <param name="actor">The actor.</param>
    /// <param name="isReplaced">Whether the incarnation was about to be replaced.</param>
    /// <param name="context">The supervisor.</param>
    /// <returns>The incarnation that has ended, or null if the actor was none.</returns>
    public Incarnation? OnTerminated(IActorRef actor, bool isReplaced, IActorContext context)
    {
        if (_current is not { } ended || !ended.Actor.Equals(actor))
        {
            return null;
        }

        _current = null;
        _closing = ended.CloseAsync(keepsNext: isReplaced && ended.Failure is null);
        AwaitClosing(context);
        return ended;
    }

    /// <summary>Passes unfinished work to the outstanding work. After a stop nothing is open.</summary>
    public void Leave()
    {
        outstanding.Add(_current?.CloseAsync(keepsNext: false) ?? Nothing);
        outstanding.Add(QueueOpener.DropAsync(_closing, _next));
    }

    /// <summary>Reports to the supervisor of the queue that the queue of the last incarnation is closed.</summary>
    /// <param name="Next">The queue that continues its registration; null if there is none.</param>
    public sealed record Closed(ZcrxQueue? Next) : ILocalMessage;
}
