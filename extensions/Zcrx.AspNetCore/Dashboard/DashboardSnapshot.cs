namespace Zcrx.AspNetCore.Dashboard;

/// <summary>
/// Represents the content of the page at one moment, without events and connections. The nodes are null without a cluster.
/// </summary>
internal sealed record DashboardSnapshot(
    DateTimeOffset Time,
    string State,
    bool IsAccepting,
    HealthView Health,
    IReadOnlyList<QueueView> Queues,
    IReadOnlyList<ListenerView> Listeners,
    RebalancingView Rebalancing,
    IReadOnlyList<NodeView>? Nodes);
