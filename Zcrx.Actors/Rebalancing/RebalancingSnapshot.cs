using System.Collections.Immutable;
using Zcrx.Rx;

namespace Zcrx.Actors.Rebalancing;

/// <summary>
/// Represents what the rebalancer has done and observed. Published by the <see cref="RebalancerActor"/>. After a restart, the next actor
/// continues from the last snapshot. Immutable.
/// </summary>
internal sealed record RebalancingSnapshot
{
    public static RebalancingSnapshot Empty { get; } = new();

    public ImmutableDictionary<MoveReason, long> Moves { get; init; } = ImmutableDictionary<MoveReason, long>.Empty;

    public long Vetoed { get; init; }

    public ImmutableSortedSet<string> Storms { get; init; } = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);

    public ImmutableSortedDictionary<long, DegradedConnection> Degraded { get; init; } = ImmutableSortedDictionary<long, DegradedConnection>.Empty;

    public RebalancingStatus ToStatus(IReadOnlyCollection<SteeringSnapshot> steering) => new()
    {
        Moves = Moves,
        FlowsSteered = steering.Sum(static counts => counts.Added),
        FlowRules = steering.Sum(static counts => counts.Rules),
        Flows = [.. steering.SelectMany(static counts => counts.Flows)],
        TablesReplaced = steering.Sum(static counts => counts.Tables),
        Vetoed = Vetoed,
        Storms = Storms,
        Degraded = [.. Degraded.Values],
    };
}

/// <summary>Represents the changes of one interface. Published by the <see cref="SteeringActor"/> of the interface. Immutable.</summary>
/// <param name="Added">The number of flow rules that were added.</param>
/// <param name="Tables">The number of times that the RSS table was replaced.</param>
internal sealed record SteeringSnapshot(long Added = 0, long Tables = 0)
{
    /// <summary>Gets the flow rules that currently exist.</summary>
    public IReadOnlyList<RebalanceAction.SteerFlow> Flows { get; init; } = [];

    public int Rules => Flows.Count;
}
