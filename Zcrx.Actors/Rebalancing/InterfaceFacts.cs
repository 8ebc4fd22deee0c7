namespace Zcrx.Actors.Rebalancing;

/// <summary>What the planner knows about one interface of which queues are ours.</summary>
/// <param name="RssTable">Its RSS table; empty when it has none or does not tell.</param>
/// <param name="FreeRules">How many flow rules may still be added; 0 when it has shown that it cannot.</param>
internal sealed record InterfaceFacts(IReadOnlyList<int> RssTable, int FreeRules);
