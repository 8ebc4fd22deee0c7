namespace Zcrx.Actors.Rebalancing;

/// <summary>What is to be done.</summary>
/// <param name="Steps">What belongs together, in order: a step is done as a whole or not at all.</param>
/// <param name="Degraded">Connections about which nothing can be done, and why.</param>
internal sealed record RebalancePlan(IReadOnlyList<RebalanceStep> Steps, IReadOnlyDictionary<long, string> Degraded)
{
    public IEnumerable<RebalanceAction> Actions => Steps.SelectMany(static step => step.Actions);
}
