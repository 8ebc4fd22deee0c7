using Akka.Actor;
using Zcrx.Actors.Diagnostics;
using Zcrx.Actors.Logging;
using Zcrx.Actors.Supervision;
using Zcrx.Interop;

namespace Zcrx.Actors;

/// <content>The queues: opened, opened again, given up.</content>
public sealed partial class ZcrxSupervisor
{
    private QueueRecord? FindQueue(IActorRef child) => _queues.Find(queue => child.Equals(queue.Actor));

    private void Open(QueueRecord queue)
    {
        queue.State = QueueState.Opening;
        queue.Delay = null;
        queue.Failure = null;
        queue.IsReplaced = false;
        queue.IsEnding = false;
        queue.Actor = StartChild($"queue-{_queues.IndexOf(queue)}", OfThis(Akka.Actor.Props.Create(() => new InterfaceQueueActor(queue.Slot, _runtime, CauseOf(queue)))));
    }

    private void OnQueueReady(InterfaceQueueActor.Ready message)
    {
        // Its actor may have been told to stop, or have failed, since it sent this.
        if (FindQueue(Sender) is not { State: QueueState.Opening, Failure: null } queue)
        {
            return;
        }

        queue.State = QueueState.Open;
        queue.Restart.Opened();
        ZcrxLog.QueueOpened(_runtime.Logger, queue.Slot.Name, message.Queue.Engine.Name, message.Queue.Engine.Reason);
        Publish(new ZcrxEvent.QueueOpened(queue.Slot.Name, message.Queue.Engine));
        AttachEverywhere(queue.Slot.Name, message.Queue);
        queue.Ready = message.Queue;
        queue.OpenSince = _runtime.Time.GetUtcNow();
        EndRestart(queue, null);
        CatchUp(queue);
        Relocate();
        AnswerAll(queue.Waiting, new ZcrxReply.Restarted(queue.ToStatus()));
        ConsiderStart();
    }

    private void OnQueueFinished()
    {
        if (FindQueue(Sender) is { } queue)
        {
            queue.IsEnding = true;
            Context.Stop(Sender);
        }
    }

    private void OnQueueEnded(QueueRecord queue)
    {
        queue.Actor = null;
        queue.Ready = null;
        if (_state == ZcrxState.Stopping)
        {
            queue.Slot.DropSuccessor();
            queue.State = QueueState.Stopped;
            queue.LastError = queue.Failure ?? queue.LastError;
            ZcrxLog.QueueStopped(_runtime.Logger, queue.Slot.Name);
            Publish(new ZcrxEvent.QueueStopped(queue.Slot.Name));
        }
        else if (queue.IsReplaced && queue.Failure is null)
        {
            Publish(new ZcrxEvent.QueueStopped(queue.Slot.Name));
            Open(queue);
        }
        else
        {
            queue.Slot.DropSuccessor();
            OnQueueFailed(queue, queue.Failure ?? new ZcrxException($"Receiving on the queue {queue.Slot.Name}", 0, "its actor was stopped by somebody else", ""));
        }
    }

    private void OnQueueFailed(QueueRecord queue, Exception cause)
    {
        queue.LastError = cause;
        TimeSpan now = _runtime.Time.GetElapsedTime(0);
        RestartDecision decision = queue.Restart.Failed(cause, now, Random.Shared.NextDouble());
        if (decision.Delay is { } delay)
        {
            BeginRestart(queue, "failure");
            queue.State = QueueState.Restarting;
            queue.Delay = delay;
            ZcrxLog.QueueRestarting(_runtime.Logger, queue.Slot.Name, delay, decision.Attempt, cause);
            Publish(new ZcrxEvent.QueueRestarting(queue.Slot.Name, delay, decision.Attempt, cause));
            if (delay > TimeSpan.Zero)
            {
                Timers.StartSingleTimer(queue, new RestartDue(queue), delay);
            }
            else
            {
                // A timer takes at least one tick of the scheduler.
                Self.Tell(new RestartDue(queue));
            }

            RelocateWhenClosed(queue);
            return;
        }

        if (TryFallBack(queue, cause))
        {
            return;
        }

        queue.State = QueueState.Failed;
        EndRestart(queue, cause);
        ZcrxLog.QueueFailed(_runtime.Logger, queue.Slot.Name, decision.Reason, cause);
        Publish(new ZcrxEvent.QueueFailed(queue.Slot.Name, cause, decision.Reason));
        RelocateWhenClosed(queue);
        AnswerAll(queue.Waiting, new ZcrxReply.Failed(ZcrxFailure.QueueNotOpen, null, $"The queue {queue.Slot.Name} failed and stays closed: {decision.Reason}. {cause.Message}", cause));
        ConsiderStart();
    }

    private void OnRestartDue(QueueRecord queue)
    {
        if (queue.State == QueueState.Restarting)
        {
            Open(queue);
        }
    }

    private void OnRestartQueue(ZcrxCommand.RestartQueue command)
    {
        if (_state == ZcrxState.Stopping)
        {
            Sender.Tell(StoppingReply());
            return;
        }

        if (_queues.Find(candidate => candidate.Slot.Name == command.Queue) is not { } queue)
        {
            Sender.Tell(NoSuchQueue(command.Queue, null));
            return;
        }

        ZcrxLog.QueueRestartRequested(_runtime.Logger, queue.Slot.Name);
        if (!Sender.IsNobody())
        {
            queue.Waiting.Add(Sender);
        }

        queue.Restart.Reset();
        BeginRestart(queue, "demand");
        queue.Slot.IsFallenBack = false;
        switch (queue.State)
        {
            case QueueState.Restarting or QueueState.Failed:
                Timers.Cancel(queue);
                Open(queue);
                break;
            case QueueState.Open or QueueState.Stopping:
                queue.State = QueueState.Stopping;
                queue.IsReplaced = true;
                queue.Tell(new InterfaceQueueActor.Stop(command.Drain ?? _runtime.Options.DrainTimeout, KeepsConnections: true, command.RegisterAnew, CauseOf(queue)));
                break;
            default:
                // Being opened: that is what was asked for.
                break;
        }
    }

    private static void BeginRestart(QueueRecord queue, string trigger) =>
        queue.Restarting ??= ZcrxActivities.Begin("zcrx.queue.restart", queue.Slot.Name)?.SetTag("zcrx.restart.trigger", trigger);

    private static void EndRestart(QueueRecord queue, Exception? error)
    {
        queue.Restarting.End(error);
        queue.Restarting = null;
    }

    private static System.Diagnostics.ActivityContext CauseOf(QueueRecord queue) => queue.Restarting?.Context ?? default;
}
