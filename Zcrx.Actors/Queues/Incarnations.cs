using System.Diagnostics;
using Akka.Actor;
using Akka.Event;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Messages;
using Zcrx.Rx;
using Zcrx.Rx.Ring;

namespace Zcrx.Actors.Queues;

/// <summary>
/// Owns the current incarnation of a queue: one opened queue and its actor. Passes the kernel's registration to the next incarnation. Owned
/// by the <see cref="QueueSupervisor"/>.
/// </summary>
/// <remarks>
/// <para>An RX queue has one owner. Therefore an incarnation begins only after the queue of the previous one is closed.</para>
/// <para>
/// The registration with the kernel ties the RX queue to the memory that receives payload. If the kernel supports export and import, the
/// ring of the next incarnation continues the registration of the previous one.
/// </para>
/// </remarks>
/// <param name="name">The name of the queue.</param>
/// <param name="opener">Opens and closes the queues.</param>
/// <param name="directory">Holds the open queues, and merges their streams.</param>
/// <param name="outstanding">
/// Collects work that continues after the end of the supervisor. The first incarnation waits for the work of an earlier supervisor.
/// </param>
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

    /// <summary>
    /// Gets a value indicating whether the actor of the current incarnation still runs. False if there is no current incarnation.
    /// </summary>
    public bool IsAlive => _current is { IsAlive: true };

    /// <summary>Gets a value indicating whether the next incarnation may begin, because the queue of the last one is closed.</summary>
    public bool AreClosed => _current is null && _isClosed;

    /// <summary>Sends <see cref="Closed"/> to the supervisor when the queue of the last incarnation is closed.</summary>
    public void AwaitClosing(IActorContext context)
    {
        _isClosed = false;
        _ = _closing.PipeTo(context.Self, success: static next => new Closed(next), failure: static _ => new Closed(null));
    }

    /// <summary>
    /// Handles the report that the queue of the last incarnation is closed. Closes the queue that continues the registration, unless it is
    /// kept.
    /// </summary>
    /// <param name="message">The report that the queue is closed.</param>
    /// <param name="keepsNext">True to keep the queue that continues the registration. False to close it.</param>
    /// <param name="context">The supervisor.</param>
    /// <returns>True if the next incarnation may begin. False if it must wait for another <see cref="Closed"/>.</returns>
    public bool OnClosed(Closed message, bool keepsNext, IActorContext context)
    {
        if (message.Next is not null && !keepsNext)
        {
            _closing = QueueOpener.DropAsync(PoolWork.Separate(_closing), null);
            AwaitClosing(context);
            return false;
        }

        _isClosed = true;
        (_closing, _next) = (Nothing, message.Next);
        return true;
    }

    /// <summary>
    /// Begins an incarnation. Uses the queue that continues the registration, if there is one, or else opens a queue with a new
    /// registration.
    /// </summary>
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
            context.Watch(context.ActorOf(props, "incarnation")), opening, queue => new QueueWatchdog(queue, watchdog, time, logger, events), time);
        _isClosed = false;
    }

    /// <summary>Requests the end of the current incarnation. A later call can only shorten the time.</summary>
    public void Stop(TimeSpan drain) => _current?.Stop(drain);

    /// <summary>
    /// Requests the end of the current incarnation, because another one must replace it. The next incarnation continues the registration if
    /// the kernel and the options allow this.
    /// </summary>
    /// <param name="queue">The queue of the current incarnation if its registration may be continued; null for a new registration.</param>
    /// <param name="options">The options of the next incarnation.</param>
    /// <param name="drain">The time limit for the delivery of received bytes.</param>
    /// <param name="cause">The activity of the restart.</param>
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

    /// <summary>
    /// Stops the actor, which has reported its failure or the requested end of its queue. Ignores reports of other actors.
    /// </summary>
    public void End(Exception? failure, ICanTell sender, IActorContext context) => _current?.End(failure, sender, context);

    /// <summary>Records the exception that the actor of the current incarnation threw.</summary>
    public void OnThrown(Exception exception) => _current?.Failure = exception;

    /// <summary>Closes the queue of an incarnation whose actor has ended.</summary>
    /// <param name="actor">The actor.</param>
    /// <param name="isReplaced">True if the incarnation ends because another one replaces it.</param>
    /// <param name="context">The supervisor.</param>
    /// <returns>The incarnation that has ended; null if the actor does not belong to the current incarnation.</returns>
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

    /// <summary>Closes all open queues as outstanding work, because the supervisor ends.</summary>
    public void Leave()
    {
        outstanding.Add(_current?.CloseAsync(keepsNext: false) ?? Nothing);
        outstanding.Add(QueueOpener.DropAsync(PoolWork.Separate(_closing), _next));
    }

    /// <summary>Reports to the <see cref="QueueSupervisor"/> that the queue of the last incarnation is closed.</summary>
    /// <param name="Next">The queue that continues the registration; null if no queue continues it.</param>
    public sealed record Closed(ZcrxQueue? Next) : ILocalMessage;
}
