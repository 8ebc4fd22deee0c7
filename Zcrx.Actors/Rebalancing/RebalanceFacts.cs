using System.Net;
using Zcrx.Interop;

namespace Zcrx.Actors.Rebalancing;

/// <summary>Contains the input of the <see cref="RebalancePlanner"/>.</summary>
internal sealed record RebalanceFacts
{
    /// <summary>Gets the open queues.</summary>
    public required IReadOnlyList<QueueFacts> Queues { get; init; }

    /// <summary>Gets the connections of the queues that need an action.</summary>
    public required IReadOnlyList<ConnectionFacts> Connections { get; init; }

    /// <summary>Gets the interfaces by name.</summary>
    public IReadOnlyDictionary<string, InterfaceFacts> Interfaces { get; init; } = new Dictionary<string, InterfaceFacts>();

    /// <summary>Gets a value indicating whether connections may be moved.</summary>
    public required bool MovesAllowed { get; init; }

    /// <summary>Gets the permitted ways to steer packets.</summary>
    public required FlowSteeringPermission Steering { get; init; }

    /// <summary>Gets the maximum number of actions that the plan may contain.</summary>
    public required int MaxActions { get; init; }
}

/// <summary>Represents the planner's facts about one open queue.</summary>
/// <param name="Name">The name of the queue.</param>
/// <param name="RxQueue">The RX queue of the NIC from which the queue receives; null without a NIC.</param>
/// <param name="Load">The load in bytes per second.</param>
/// <param name="IsStormy">True if the queue needs an action because the kernel copies its payload.</param>
/// <param name="IsPressed">True if the queue needs an action because its pool has been under pressure for several samples.</param>
/// <param name="HasRoom">True if the pool is at its normal level.</param>
internal sealed record QueueFacts(string Name, RxQueueId? RxQueue, double Load, bool IsStormy, bool IsPressed, bool HasRoom);

/// <summary>Represents the planner's facts about one connection.</summary>
/// <param name="Id">The id of the connection.</param>
/// <param name="Queue">The name of the queue that receives for the connection.</param>
/// <param name="Load">The load in bytes per second; 0 while nothing arrives.</param>
/// <param name="Arrival">The RX queue on which the packets of the connection arrive; null if it is unknown.</param>
/// <param name="Local">The local address. It is never an IPv4 address mapped to IPv6.</param>
/// <param name="Remote">The address of the peer. It is never an IPv4 address mapped to IPv6.</param>
/// <param name="SteeredTo">The RX queue to which a flow rule of this process steers the connection; null without a rule.</param>
/// <param name="IsResting">True if the connection was moved or steered within the cool-down.</param>
internal sealed record ConnectionFacts(
    long Id, string Queue, double Load, RxQueueId? Arrival, IPEndPoint? Local = null, IPEndPoint? Remote = null, RxQueueId? SteeredTo = null, bool IsResting = false);

/// <summary>Represents the planner's facts about one interface.</summary>
/// <param name="RssTable">The RSS table; empty if the interface has no table or does not report it.</param>
/// <param name="FreeRules">The number of flow rules that may still be added; 0 if the interface has refused a rule.</param>
/// <param name="IsSteeredByHost">True for an interface of a container. Only the host can steer its packets.</param>
internal sealed record InterfaceFacts(IReadOnlyList<int> RssTable, int FreeRules, bool IsSteeredByHost = false);

/// <summary>Represents a plan.</summary>
/// <param name="Steps">The steps in order. A step contains actions that belong together.</param>
/// <param name="Degraded">The connections without a remedy, each with the reason.</param>
internal sealed record RebalancePlan(IReadOnlyList<RebalanceStep> Steps, IReadOnlyDictionary<long, string> Degraded)
{
    public IEnumerable<RebalanceAction> Actions => Steps.SelectMany(static step => step.Actions);
}

/// <summary>
/// Represents actions that are useful only together. For example, a connection moves to a queue, and then its packets are steered to that
/// queue.
/// </summary>
/// <param name="Actions">The actions in order.</param>
internal sealed record RebalanceStep(params IReadOnlyList<RebalanceAction> Actions);
