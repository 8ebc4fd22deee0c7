using System.Net;
using Zcrx.Interop;

namespace Zcrx.Actors.Rebalancing;

/// <summary>Contains all facts from which a plan is made.</summary>
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

    /// <summary>Gets the largest number of actions.</summary>
    public required int MaxActions { get; init; }
}

/// <summary>Represents the planner's facts about one open queue.</summary>
/// <param name="Name">Its name.</param>
/// <param name="RxQueue">The RX queue that it receives from; null without a NIC.</param>
/// <param name="Load">Bytes per second.</param>
/// <param name="IsStormy">Whether it needs an action because the kernel copies.</param>
/// <param name="IsPressed">Whether it needs an action because its pool has been under pressure for long.</param>
/// <param name="HasRoom">Whether its pool is under no pressure now.</param>
internal sealed record QueueFacts(string Name, RxQueueId? RxQueue, double Load, bool IsStormy, bool IsPressed, bool HasRoom);

/// <summary>Represents the planner's facts about one connection.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Queue">Name of the queue that receives for it.</param>
/// <param name="Load">Bytes per second; 0 while nothing arrives.</param>
/// <param name="Arrival">The RX queue on which its packets arrive; null if that is not known.</param>
/// <param name="Local">The local address, never an IPv4 address mapped to IPv6.</param>
/// <param name="Remote">The peer's address, likewise.</param>
/// <param name="SteeredTo">The RX queue to which a flow rule of this process sends it, or null without a rule.</param>
/// <param name="IsResting">Whether it was moved or steered a short while ago.</param>
internal sealed record ConnectionFacts(
    long Id, string Queue, double Load, RxQueueId? Arrival, IPEndPoint? Local = null, IPEndPoint? Remote = null, RxQueueId? SteeredTo = null, bool IsResting = false);

/// <summary>Represents the planner's facts about an interface of the queues.</summary>
/// <param name="RssTable">Its RSS table; empty when it has none or does not report it.</param>
/// <param name="FreeRules">The number of flow rules that may still be added. 0 when the interface has refused one.</param>
/// <param name="IsSteeredByHost">Whether this is a container's interface, which the host steers.</param>
internal sealed record InterfaceFacts(IReadOnlyList<int> RssTable, int FreeRules, bool IsSteeredByHost = false);

/// <summary>Represents a plan.</summary>
/// <param name="Steps">The steps in order. A step is executed as a whole or not at all.</param>
/// <param name="Degraded">The connections without a remedy, each with the reason.</param>
internal sealed record RebalancePlan(IReadOnlyList<RebalanceStep> Steps, IReadOnlyDictionary<long, string> Degraded)
{
    public IEnumerable<RebalanceAction> Actions => Steps.SelectMany(static step => step.Actions);
}

/// <summary>Represents actions that are only useful together, such as moving a connection and steering its packets after it.</summary>
/// <param name="Actions">The actions in order.</param>
internal sealed record RebalanceStep(params IReadOnlyList<RebalanceAction> Actions);
