using Zcrx.Actors.Messages;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>Represents the actions of the rebalancer since the start, and its current state.</summary>
public sealed record RebalancingStatus : ILocalMessage
{
    /// <summary>
    /// Gets the number of connections that were moved to another queue, by reason. Reasons that never applied are absent.
    /// </summary>
    public IReadOnlyDictionary<MoveReason, long> Moves { get; init; } = new Dictionary<MoveReason, long>();

    /// <summary>Gets the number of flow rules that were added.</summary>
    public long FlowsSteered { get; init; }

    /// <summary>Gets the number of flow rules of this process that currently exist.</summary>
    public int FlowRules { get; init; }

    /// <summary>Gets the flow rules of this process that currently exist. Each is represented by the action that added it.</summary>
    public IReadOnlyList<RebalanceAction.SteerFlow> Flows { get; init; } = [];

    /// <summary>Gets the number of RSS tables that were replaced.</summary>
    public long TablesReplaced { get; init; }

    /// <summary>Gets the number of actions that were vetoed.</summary>
    public long Vetoed { get; init; }

    /// <summary>Gets the names of the queues with a current copy storm.</summary>
    public IReadOnlyList<string> Storms { get; init; } = [];

    /// <summary>Gets the connections whose payload the kernel currently copies, and for which the rebalancer has no remedy.</summary>
    public IReadOnlyList<DegradedConnection> Degraded { get; init; } = [];
}
