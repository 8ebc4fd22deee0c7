using System.Diagnostics;
using Akka.Actor;
using Akka.Event;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Diagnostics;
using Zcrx.Actors.Logging;
using Zcrx.Rx;

namespace Zcrx.Actors.Queues;

/// <summary>
/// Logs and publishes the events of one queue, traces its restarts, and answers the actors that wait for a restart. Owned by the
/// <see cref="QueueSupervisor"/>.
/// </summary>
internal sealed class QueueReports(string queue, ILogger logger, EventStream events)
{
    private readonly List<IActorRef> _waiting = [];
    private Activity? _restarting;

    /// <summary>Gets the context of the activity that traces the current restart; the default value if there is none.</summary>
    public ActivityContext Cause => _restarting?.Context ?? default;

    /// <summary>Begins the activity of a restart, unless a restart is already being traced.</summary>
    /// <param name="trigger">The value of the tag <c>zcrx.restart.trigger</c>.</param>
    public void BeginRestart(string trigger) =>
        _restarting ??= ZcrxActivities.Begin("zcrx.queue.restart", queue)?.SetTag("zcrx.restart.trigger", trigger);

    public void EndRestart(Exception? error)
    {
        _restarting.End(error);
        _restarting = null;
    }

    /// <summary>Adds an actor that <see cref="AnswerAll"/> answers when the restart is over.</summary>
    public void AnswerLater(IActorRef actor)
    {
        if (!actor.IsNobody())
        {
            _waiting.Add(actor);
        }
    }

    public void AnswerAll(ZcrxReply answer)
    {
        _waiting.ForEach(actor => actor.Tell(answer));
        _waiting.Clear();
    }

    public void RestartRequested() => ZcrxLog.QueueRestartRequested(logger, queue);

    public void Opened(EngineChoice engine)
    {
        ZcrxLog.QueueOpened(logger, queue, engine.Name, engine.Reason);
        events.Publish(new ZcrxEvent.QueueOpened(queue, engine));
        EndRestart(null);
    }

    public void Restarting(TimeSpan delay, int attempt, Exception cause)
    {
        ZcrxLog.QueueRestarting(logger, queue, delay, attempt, cause);
        events.Publish(new ZcrxEvent.QueueRestarting(queue, delay, attempt, cause));
    }

    public void FellBack(Exception cause)
    {
        ZcrxLog.QueueFallsBack(logger, queue, cause);
        events.Publish(new ZcrxEvent.QueueFellBack(queue, cause));
    }

    /// <summary>Reports that the queue failed and stays closed.</summary>
    public void Failed(Exception cause, string reason)
    {
        ZcrxLog.QueueFailed(logger, queue, reason, cause);
        events.Publish(new ZcrxEvent.QueueFailed(queue, cause, reason));
        AnswerAll(new ZcrxReply.Failed(ZcrxFailure.QueueNotOpen, null, $"The queue {queue} was given up: {reason}. {cause.Message}", cause));
    }

    /// <summary>Reports that the queue is closed because the next incarnation replaces it.</summary>
    public void Replaced() => events.Publish(new ZcrxEvent.QueueStopped(queue));

    public void Stopped()
    {
        ZcrxLog.QueueStopped(logger, queue);
        events.Publish(new ZcrxEvent.QueueStopped(queue));
    }

    /// <summary>Reports that this queue or other queues have resumed suspended connections. Callable on any thread.</summary>
    public void Resumed(IReadOnlyList<string> targets, int connections)
    {
        if (connections > 0)
        {
            ZcrxLog.ConnectionsResumed(logger, connections, queue, string.Join(", ", targets));
            events.Publish(new ZcrxEvent.ConnectionsContinued(queue, targets, connections));
        }
    }
}
