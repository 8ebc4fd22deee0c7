using System.Net;
using System.Text.Json.Serialization;
using Zcrx.Interop;

namespace Zcrx.Actors;

/// <summary>Represents a connection whose payload the kernel copies, and for which the rebalancer has no remedy.</summary>
/// <param name="ConnectionId">The id of the connection.</param>
/// <param name="Queue">The queue that receives for the connection.</param>
/// <param name="RemoteEndPoint">The address of the peer; null if it could not be read.</param>
/// <param name="Reason">The reason why the payload is copied, as a clause without a full stop.</param>
public sealed record DegradedConnection(long ConnectionId, string Queue, [property: JsonConverter(typeof(IPEndPointJsonConverter))] IPEndPoint? RemoteEndPoint, string Reason);
