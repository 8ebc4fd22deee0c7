namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Represents the content of the page at one moment, without events and connections.</summary>
internal sealed record DashboardSnapshot(
    DateTimeOffset Time,
    string State,
    bool IsAccepting,
    HealthView Health,
    IReadOnlyList<QueueView> Queues,
    IReadOnlyList<ListenerView> Listeners,
    RebalancingView Rebalancing);
