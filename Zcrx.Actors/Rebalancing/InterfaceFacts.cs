namespace Zcrx.Actors.Rebalancing;

/// <summary>What the planner knows about one interface of which queues are ours.</summary>
/// <param name="RssTable">Its RSS table; empty when it has none or does not tell.</param>
/// <param name="FreeRules">How many flow rules may still be added; 0 when it has shown that it cannot.</param>
/// <param name="IsSteeredByHost">Whether this is a container's interface, which the host steers.</param>
internal sealed record InterfaceFacts(IReadOnlyList<int> RssTable, int FreeRules, bool IsSteeredByHost = false);
