using Akka.Actor;
using Zcrx.Actors.Logging;
using Zcrx.Actors.Messages;
using Zcrx.Actors.Supervision;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <content>Connections whose queue has ended: they wait for it, go to other queues, or end.</content>
public sealed partial class ZcrxSupervisor
{
    /// <summary>After a queue has come or gone: sees to every connection that waits for one.</summary>
    private void Relocate()
    {
        foreach (QueueRecord queue in _queues)
        {
            IEnumerable<QueueRecord> others = _queues.Where(other => other != queue);
            bool isAny = others.Any(static other => other is { State: QueueState.Open, Ready: not null });
            bool isHope = others.Any(static other => other.State is QueueState.Opening or QueueState.Restarting or QueueState.Stopping);
            ZcrxRestartOptions restart = _runtime.Options.Restart;
            switch (EscalationRule.Decide(queue.State, queue.Delay, restart.ConnectionPatience, restart.WhenGivenUp, isAny, isHope))
            {
                case ConnectionFate.GoHome when queue.Ready is { } home:
                    Continue(queue, [home]);
                    break;
                case ConnectionFate.GoElsewhere:
                    Continue(queue, [.. others.Where(static other => other.State == QueueState.Open).Select(static other => other.Ready).OfType<ZcrxQueue>()]);
                    break;
                case ConnectionFate.End:
                    queue.Slot.Parking.EndAll();
                    break;
                default:
                    break;
            }
        }
    }

    /// <summary>Its connections come into the parking while it is being closed.</summary>
    private void RelocateWhenClosed(QueueRecord queue) =>
        _ = queue.Slot.Closed.PipeTo(Self, success: static () => new QueueClosed(), failure: static _ => new QueueClosed());

    private void OnQueueClosed()
    {
        if (_state != ZcrxState.Stopping)
        {
            Relocate();
        }
    }

    private void Continue(QueueRecord queue, IReadOnlyList<ZcrxQueue> targets)
    {
        string[] names = [.. targets.Select(static target => target.Name)];
        // Cannot fail: a connection that no target takes waits on.
        _ = queue.Slot.Parking.ContinueOnAsync(targets).PipeTo(Self, success: taken => new Continued(queue.Slot.Name, names, taken), failure: _ => new Continued(queue.Slot.Name, names, 0));
    }

    private void OnContinued(Continued message)
    {
        if (message.Connections > 0)
        {
            ZcrxLog.ConnectionsContinued(_runtime.Logger, message.Connections, message.Queue, string.Join(", ", message.Targets));
            Publish(new ZcrxEvent.ConnectionsContinued(message.Queue, message.Targets, message.Connections));
        }
    }

    /// <summary>A queue that would be given up is opened without its NIC, if that is wanted and was not done yet.</summary>
    private bool TryFallBack(QueueRecord queue, Exception cause)
    {
        if (_runtime.Options.Restart.WhenGivenUp != ZcrxEscalation.FallBack || queue.Slot.IsFallenBack || queue.Slot.Options.Interface is null || !queue.Restart.HasOpened)
        {
            return false;
        }

        queue.Slot.IsFallenBack = true;
        queue.Restart.Reset();
        ZcrxLog.QueueFallsBack(_runtime.Logger, queue.Slot.Name, cause);
        Publish(new ZcrxEvent.QueueFellBack(queue.Slot.Name, cause));
        Open(queue);
        return true;
    }

    private void EndWaitingConnections() => _queues.ForEach(static queue => queue.Slot.Parking.Dispose());

    private sealed record QueueClosed : ILocalMessage;

    private sealed record Continued(string Queue, IReadOnlyList<string> Targets, int Connections) : ILocalMessage;
}
