using Zcrx.Interop;

namespace Zcrx.Actors.Rebalancing;

/// <summary>What the planner knows about one open queue.</summary>
/// <param name="Name">Its name.</param>
/// <param name="RxQueue">The RX queue that it receives from; null without a NIC.</param>
/// <param name="Load">Bytes per second.</param>
/// <param name="IsStormy">Whether something is to be done because the kernel copies.</param>
/// <param name="IsPressed">Whether something is to be done because its pool has been under pressure for long.</param>
/// <param name="HasRoom">Whether its pool is under no pressure now.</param>
internal sealed record QueueFacts(string Name, RxQueueId? RxQueue, double Load, bool IsStormy, bool IsPressed, bool HasRoom);
