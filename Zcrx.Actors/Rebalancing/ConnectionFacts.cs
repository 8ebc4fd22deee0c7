using System.Net;
using Zcrx.Interop;

namespace Zcrx.Actors.Rebalancing;

/// <summary>What the planner knows about one connection.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Queue">Name of the queue that receives for it.</param>
/// <param name="Load">Bytes per second; 0 when nothing comes.</param>
/// <param name="Arrival">The RX queue on which its packets arrive; null when that is not known.</param>
/// <param name="Local">Our end, never an IPv4 address in IPv6's clothes.</param>
/// <param name="Remote">The peer's, likewise.</param>
/// <param name="SteeredTo">Where a flow rule of ours sends it; null when there is none.</param>
/// <param name="IsResting">Whether something was done about it a short while ago.</param>
internal sealed record ConnectionFacts(
    long Id, string Queue, double Load, RxQueueId? Arrival, IPEndPoint? Local = null, IPEndPoint? Remote = null, RxQueueId? SteeredTo = null, bool IsResting = false);
