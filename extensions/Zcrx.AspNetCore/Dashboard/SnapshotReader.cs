using Zcrx.Actors;
using Zcrx.Rx;

namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Converts the status of the queues and nodes to the content of the page.</summary>
internal sealed class SnapshotReader(AddressMask mask, IZcrxNodes? nodes, TimeProvider time)
{
    // The largest number of flow rules in a snapshot, because a person does not read more. The page also shows the total number.
    private const int MostFlows = 64;

    public DashboardSnapshot Read(ZcrxStatus status)
    {
        Microsoft.Extensions.Diagnostics.HealthChecks.HealthCheckResult health = ZcrxHealth.Of(status);
        RebalancingStatus rebalancing = status.Rebalancing;
        return new DashboardSnapshot(
            status.Time,
            status.State.ToString(),
            status.IsAccepting,
            new HealthView(health.Status.ToString(), mask.Text(health.Description ?? ""), (IReadOnlyList<string>)health.Data["reasons"]),
            [.. status.Queues.Select(queue => Read(queue, rebalancing.Storms.Contains(queue.Name, StringComparer.Ordinal)))],
            [.. status.Listeners.Select(static listener => new ListenerView(
                listener.Name, listener.EndPoint?.ToString(), listener.Connections, listener.Accepted, listener.Refused, listener.MaxConnections, listener.IsFull, listener.Error?.Message))],
            new RebalancingView(
                rebalancing.Moves.ToDictionary(static pair => pair.Key.ToString(), static pair => pair.Value),
                [.. rebalancing.Flows.Take(MostFlows).Select(flow => new FlowView(flow.Interface, flow.Rule.Queue, flow.ConnectionId, mask.Text(flow.Rule.ToString())))],
                rebalancing.FlowRules,
                rebalancing.Degraded.Count,
                rebalancing.TablesReplaced,
                rebalancing.Vetoed),
            nodes is null ? null : [.. nodes.Nodes.Values.OrderBy(static node => node.Node, StringComparer.Ordinal).Select(Read)]);
    }

    private NodeView Read(ZcrxNodeStatus node) => new(
        node.Node,
        node.Time,
        // The clocks of the nodes differ, so the computed age may be negative.
        double.Max(0, (time.GetUtcNow() - node.Time).TotalSeconds),
        node.State.ToString(),
        node.IsAccepting,
        [.. node.Reasons.Select(mask.Text)],
        node.Queues.Count,
        node.Queues.Count(static queue => queue.State == QueueState.Open),
        node.Queues.Sum(static queue => queue.Connections),
        node.Queues.Sum(static queue => queue.BuffersOut),
        node.Queues.Sum(static queue => queue.Buffers),
        node.Queues.Sum(static queue => queue.BytesReceived),
        node.Queues.Sum(static queue => queue.CopiedBytes),
        node.Queues.Sum(static queue => queue.Restarts));

    private QueueView Read(QueueStatus queue, bool hasStorm)
    {
        QueueStatistics statistics = queue.Statistics ?? new QueueStatistics { Queue = queue.Name };
        bool isDown = queue.State != QueueState.Open;
        return new QueueView
        {
            Name = queue.Name,
            State = queue.State.ToString(),
            Engine = queue.Engine?.Name,
            EngineReason = queue.Engine?.Reason,
            Interface = queue.Interface,
            RxQueue = queue.RxQueue,
            Pressure = queue.Pressure.ToString(),
            HasStorm = hasStorm,
            AwaitsDescriptors = statistics.AwaitsDescriptors,
            Restarts = queue.Restarts,
            RestartDelay = queue.RestartDelay?.TotalSeconds,
            OpenSince = queue.OpenSince,
            Error = isDown && queue.LastError is { } error ? mask.Text(error.Message) : null,
            Stuck = queue.Stuck is { } stuck ? mask.Text($"since {stuck.Since:HH:mm:ss} UTC {stuck.Place}") : null,
            Connections = statistics.Connections,
            Paused = statistics.PausedConnections,
            Stalled = statistics.StalledConnections,
            Buffers = statistics.Buffers,
            BuffersOut = statistics.BuffersOut,
            Reserve = statistics.Reserve,
            High = queue.HighWaterMark,
            Low = queue.LowWaterMark,
            Bytes = statistics.BytesReceived,
            CopiedBytes = statistics.CopiedBytes,
            Pauses = statistics.Pauses,
            Turns = statistics.Turns,
            BusySeconds = statistics.BusyTime.TotalSeconds,
            Notifications = [.. queue.Notifications.Select(static notification => new ArmView(notification.Type.ToString(), notification.ArmState.ToString(), notification.Received))],
        };
    }
}
