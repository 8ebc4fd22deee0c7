using Zcrx.Actors.Messages;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>What the rebalancer has done since the start, and how it stands.</summary>
public sealed record RebalancingStatus : ILocalMessage
{
    /// <summary>Connections that went over to another queue, by reason; reasons that never applied are left out.</summary>
    public IReadOnlyDictionary<MoveReason, long> Moves { get; init; } = new Dictionary<MoveReason, long>();

    /// <summary>Flow rules that were added.</summary>
    public long FlowsSteered { get; init; }

    /// <summary>Flow rules of ours that are in place now.</summary>
    public int FlowRules { get; init; }

    /// <summary>RSS tables that were replaced.</summary>
    public long TablesReplaced { get; init; }

    /// <summary>Actions that were vetoed.</summary>
    public long Vetoed { get; init; }

    /// <summary>Queues with a copy storm now.</summary>
    public IReadOnlyList<string> Storms { get; init; } = [];

    /// <summary>Connections that are copied now, and for which nothing can be done.</summary>
    public IReadOnlyList<DegradedConnection> Degraded { get; init; } = [];
}
