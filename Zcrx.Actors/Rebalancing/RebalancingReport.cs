using Akka.Event;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Logging;

namespace Zcrx.Actors.Rebalancing;

/// <summary>
/// Logs the actions of the rebalancer and of the steering, and publishes them on the event stream. Callable on any thread.
/// </summary>
internal sealed class RebalancingReport(ILogger logger, EventStream events)
{
    public void Publish(RebalanceEvent happened)
    {
        switch (happened)
        {
            case RebalanceEvent.StormBegan began:
                ZcrxLog.StormBegan(logger, began.Queue, began.CopiedShare);
                break;
            case RebalanceEvent.StormEnded ended:
                ZcrxLog.StormEnded(logger, ended.Queue);
                break;
            case RebalanceEvent.Moved moved:
                ZcrxLog.ConnectionRebalanced(logger, moved.ConnectionId, moved.From, moved.To, moved.Reason);
                break;
            case RebalanceEvent.Steered steered:
                ZcrxLog.Steered(logger, steered.Action);
                break;
            case RebalanceEvent.Unsteered unsteered:
                ZcrxLog.Unsteered(logger, unsteered.Action);
                break;
            case RebalanceEvent.Failed failed:
                ZcrxLog.RebalancingFailed(logger, failed.Action, failed.Cause);
                break;
            case RebalanceEvent.UndoFailed failed:
                ZcrxLog.UndoFailed(logger, failed.ConnectionId, failed.Cause);
                break;
            case RebalanceEvent.Faulted faulted:
                ZcrxLog.RebalancingFaulted(logger, faulted.Cause);
                break;
            case RebalanceEvent.ConnectionDegraded { Connection: var degraded }:
                ZcrxLog.ConnectionDegraded(logger, degraded.ConnectionId, degraded.RemoteEndPoint, degraded.Queue, degraded.Reason);
                break;
            case RebalanceEvent.ConnectionRecovered recovered:
                ZcrxLog.ConnectionRecovered(logger, recovered.ConnectionId, recovered.RemoteEndPoint, recovered.Queue);
                break;
            default:
                break;
        }

        events.Publish(happened);
    }

    public void Vetoed(RebalanceAction action, Exception? thrown)
    {
        ZcrxLog.Vetoed(logger, action, thrown);
        events.Publish(new RebalanceEvent.Vetoed(action));
    }

    public void SteeredByHost(string networkInterface) => ZcrxLog.SteeredByHost(logger, networkInterface);

    public void CannotRead(Exception cause) => ZcrxLog.CannotRead(logger, cause);
}
