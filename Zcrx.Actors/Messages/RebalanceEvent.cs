using System.Net;
using System.Text.Json.Serialization;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>
/// Represents an event of the rebalancer. Published on the actor system's event stream, like every <see cref="ZcrxEvent"/>.
/// </summary>
public abstract record RebalanceEvent : ZcrxEvent
{
    private RebalanceEvent()
    {
    }

    /// <summary>
    /// Published when a copy storm begins. In a copy storm the kernel copies much of the payload of a queue, because the packets arrive on
    /// another RX queue.
    /// </summary>
    /// <param name="Queue">The queue's name.</param>
    /// <param name="CopiedShare">The copied fraction of the bytes in the last sample, from 0 to 1.</param>
    public sealed record StormBegan(string Queue, double CopiedShare) : RebalanceEvent;

    /// <summary>Published when a copy storm has ended.</summary>
    /// <param name="Queue">The queue's name.</param>
    public sealed record StormEnded(string Queue) : RebalanceEvent;

    /// <summary>Published when the rebalancer has moved a connection to another queue.</summary>
    /// <param name="ConnectionId">The id of the connection.</param>
    /// <param name="From">The name of the queue that received for the connection before the move.</param>
    /// <param name="To">The name of the queue that receives for the connection now.</param>
    /// <param name="Reason">The reason for the move.</param>
    public sealed record Moved(long ConnectionId, string From, string To, MoveReason Reason) : RebalanceEvent;

    /// <summary>Published when the rebalancer has added a flow rule or replaced an RSS table.</summary>
    /// <param name="Action">The action.</param>
    public sealed record Steered(RebalanceAction Action) : RebalanceEvent;

    /// <summary>
    /// Published when a flow rule was removed or an RSS table was restored, for example because the connection is closed or Zcrx stops.
    /// </summary>
    /// <param name="Action">The action that was undone.</param>
    public sealed record Unsteered(RebalanceAction Action) : RebalanceEvent;

    /// <summary>
    /// Published when <see cref="ZcrxRebalancingOptions.Permit"/> vetoed an action. Actions that are useful only together with the vetoed
    /// one are not taken, either.
    /// </summary>
    /// <param name="Action">The vetoed action.</param>
    public sealed record Vetoed(RebalanceAction Action) : RebalanceEvent;

    /// <summary>Published when an action failed. Streams are not affected.</summary>
    /// <param name="Action">The action.</param>
    /// <param name="Cause">
    /// The exception of the action. Null if the action was not possible, for example because the connection had ended.
    /// </param>
    public sealed record Failed(RebalanceAction Action, [property: JsonConverter(typeof(ExceptionJsonConverter))] Exception? Cause) : RebalanceEvent;

    /// <summary>Published when the flow rule of a closed connection could not be removed.</summary>
    /// <param name="ConnectionId">The id of the connection.</param>
    /// <param name="Cause">The failure.</param>
    public sealed record UndoFailed(long ConnectionId, [property: JsonConverter(typeof(ExceptionJsonConverter))] Exception Cause) : RebalanceEvent;

    /// <summary>
    /// Published when a part of the rebalancer's work failed unexpectedly. Streams are not affected, and the rebalancer continues.
    /// </summary>
    /// <param name="Cause">The error.</param>
    public sealed record Faulted([property: JsonConverter(typeof(ExceptionJsonConverter))] Exception Cause) : RebalanceEvent;

    /// <summary>
    /// Published when the kernel copies the payload of a connection and the rebalancer cannot prevent this. Published once per connection
    /// until <see cref="ConnectionRecovered"/>.
    /// </summary>
    /// <param name="Connection">The connection and the reason.</param>
    public sealed record ConnectionDegraded(DegradedConnection Connection) : RebalanceEvent;

    /// <summary>Published when the payload of a degraded connection is no longer copied.</summary>
    /// <param name="ConnectionId">The id of the connection.</param>
    /// <param name="Queue">The queue that receives for the connection.</param>
    /// <param name="RemoteEndPoint">The address of the peer; null if it could not be read.</param>
    public sealed record ConnectionRecovered(long ConnectionId, string Queue, [property: JsonConverter(typeof(IPEndPointJsonConverter))] IPEndPoint? RemoteEndPoint) : RebalanceEvent;
}
