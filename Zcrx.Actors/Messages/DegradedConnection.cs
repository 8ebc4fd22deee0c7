using System.Net;

namespace Zcrx.Actors;

/// <summary>A connection whose payload the kernel copies, and for which nothing can be done.</summary>
/// <param name="ConnectionId">The connection.</param>
/// <param name="Queue">The queue that receives for it.</param>
/// <param name="RemoteEndPoint">The peer, if it could be asked.</param>
/// <param name="Reason">Why nothing can be done: a clause without a full stop.</param>
public sealed record DegradedConnection(long ConnectionId, string Queue, EndPoint? RemoteEndPoint, string Reason);
