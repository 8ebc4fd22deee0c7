using System.Net;
using Zcrx.Interop;

namespace Zcrx.Actors.Rebalancing;

/// <summary>What a connection was found to be like at one moment.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Queue">Name of the queue that receives for it.</param>
/// <param name="BytesReceived">Bytes received so far.</param>
/// <param name="Arrival">The RX queue on which its packets arrive; null when that is not known.</param>
/// <param name="Local">Our end.</param>
/// <param name="Remote">The peer's.</param>
internal sealed record ConnectionReading(long Id, string Queue, long BytesReceived, RxQueueId? Arrival, IPEndPoint? Local = null, IPEndPoint? Remote = null);
