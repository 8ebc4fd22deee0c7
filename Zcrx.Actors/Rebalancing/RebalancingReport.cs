using Akka.Event;
using Zcrx.Actors.Logging;
using Zcrx.Actors.Supervision;

namespace Zcrx.Actors.Rebalancing;

/// <summary>Counts, logs and publishes what happens. Used by the rebalancer's actor, and by the runtime after its end.</summary>
internal sealed class RebalancingReport(ZcrxRuntime runtime, EventStream events)
{
    private readonly RebalancingRecord _record = runtime.Rebalancing;

    public void Publish(RebalanceEvent happened)
    {
        switch (happened)
        {
            case RebalanceEvent.Moved moved:
                _record.Moved(moved.Reason);
                ZcrxLog.ConnectionRebalanced(runtime.Logger, moved.ConnectionId, moved.From, moved.To, moved.Reason);
                break;
            case RebalanceEvent.Steered steered:
                _record.Steered(steered.Action);
                ZcrxLog.Steered(runtime.Logger, steered.Action);
                break;
            case RebalanceEvent.Unsteered unsteered:
                ZcrxLog.Unsteered(runtime.Logger, unsteered.Action);
                break;
            case RebalanceEvent.Failed failed:
                ZcrxLog.RebalancingFailed(runtime.Logger, failed.Action, failed.Cause);
                break;
            case RebalanceEvent.UndoFailed failed:
                ZcrxLog.UndoFailed(runtime.Logger, failed.ConnectionId, failed.Cause);
                break;
            case RebalanceEvent.Faulted faulted:
                ZcrxLog.RebalancingFaulted(runtime.Logger, faulted.Cause);
                break;
            default:
                break;
        }

        events.Publish(happened);
    }

    public void StormBegan(string queue, double share)
    {
        _record.Storm(queue, began: true);
        ZcrxLog.StormBegan(runtime.Logger, queue, share);
        events.Publish(new RebalanceEvent.StormBegan(queue, share));
    }

    /// <summary>If there was one. Those of its connections that were degraded have recovered with it.</summary>
    public void StormEnded(string queue)
    {
        if (!_record.HasStorm(queue))
        {
            return;
        }

        _record.Storm(queue, began: false);
        ZcrxLog.StormEnded(runtime.Logger, queue);
        events.Publish(new RebalanceEvent.StormEnded(queue));
        foreach (DegradedConnection connection in _record.Degraded.Values.Where(connection => connection.Queue == queue))
        {
            Recovered(connection.ConnectionId);
        }
    }

    public void Degraded(DegradedConnection connection)
    {
        if (_record.Degrade(connection))
        {
            ZcrxLog.ConnectionDegraded(runtime.Logger, connection.ConnectionId, connection.RemoteEndPoint, connection.Queue, connection.Reason);
            events.Publish(new RebalanceEvent.ConnectionDegraded(connection));
        }
    }

    public void Recovered(long connection)
    {
        if (_record.Recover(connection) is { } before)
        {
            ZcrxLog.ConnectionRecovered(runtime.Logger, connection, before.RemoteEndPoint, before.Queue);
            events.Publish(new RebalanceEvent.ConnectionRecovered(connection, before.Queue, before.RemoteEndPoint));
        }
    }

    public void Vetoed(RebalanceAction action, Exception? thrown)
    {
        _record.Vetoed();
        ZcrxLog.Vetoed(runtime.Logger, action, thrown);
        events.Publish(new RebalanceEvent.Vetoed(action));
    }

    public void SteeredByHost(string networkInterface) => ZcrxLog.SteeredByHost(runtime.Logger, networkInterface);

    public void CannotRead(Exception cause) => ZcrxLog.CannotRead(runtime.Logger, cause);
}
