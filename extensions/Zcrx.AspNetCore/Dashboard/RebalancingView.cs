namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Represents the rebalancer.</summary>
internal sealed record RebalancingView(IReadOnlyDictionary<string, long> Moves, IReadOnlyList<FlowView> Flows, int FlowCount, int Degraded, long TablesReplaced, long Vetoed);
