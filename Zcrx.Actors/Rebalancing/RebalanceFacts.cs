namespace Zcrx.Actors.Rebalancing;

/// <summary>Everything that a plan is made of.</summary>
internal sealed record RebalanceFacts
{
    /// <summary>The open queues.</summary>
    public required IReadOnlyList<QueueFacts> Queues { get; init; }

    /// <summary>The connections of those queues about which something is to be done.</summary>
    public required IReadOnlyList<ConnectionFacts> Connections { get; init; }

    /// <summary>The interfaces by name.</summary>
    public IReadOnlyDictionary<string, InterfaceFacts> Interfaces { get; init; } = new Dictionary<string, InterfaceFacts>();

    /// <summary>Whether connections may be moved.</summary>
    public required bool MovesAllowed { get; init; }

    /// <summary>How far packets may be steered.</summary>
    public required FlowSteeringPermission Steering { get; init; }

    /// <summary>Actions at most.</summary>
    public required int MaxActions { get; init; }
}
