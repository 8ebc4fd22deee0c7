using System.Net;
using System.Text.Json.Serialization;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>Represents an event of the rebalancer. Published on the actor system's event stream, like every <see cref="ZcrxEvent"/>.</summary>
public abstract record RebalanceEvent : ZcrxEvent
{
    private RebalanceEvent()
    {
    }

    /// <summary>Published when a copy storm begins: the kernel copies the payload of a queue, since its packets arrive on another RX queue.</summary>
    /// <param name="Queue">The queue's name.</param>
    /// <param name="CopiedShare">Copied part of the last sample, 0 to 1.</param>
    public sealed record StormBegan(string Queue, double CopiedShare) : RebalanceEvent;

    /// <summary>Published when a copy storm has ended.</summary>
    /// <param name="Queue">The queue's name.</param>
    public sealed record StormEnded(string Queue) : RebalanceEvent;

    /// <summary>Published when a connection was moved to another queue: placed, rebalanced, or because its payload lies in that queue's memory.</summary>
    /// <param name="ConnectionId">The connection's number.</param>
    /// <param name="From">The queue that received it.</param>
    /// <param name="To">The queue that receives it now.</param>
    /// <param name="Reason">The reason for the move.</param>
    public sealed record Moved(long ConnectionId, string From, string To, MoveReason Reason) : RebalanceEvent;

    /// <summary>Published when packets were steered: a flow rule was added, or an RSS table replaced.</summary>
    /// <param name="Action">The action.</param>
    public sealed record Steered(RebalanceAction Action) : RebalanceEvent;

    /// <summary>Published when a flow rule was removed or an RSS table restored, because the connection or everything is closed.</summary>
    /// <param name="Action">The action that was undone.</param>
    public sealed record Unsteered(RebalanceAction Action) : RebalanceEvent;

    /// <summary>Published when an action was vetoed (<see cref="ZcrxRebalancingOptions.Permit"/>), together with the other actions of its step.</summary>
    /// <param name="Action">The vetoed action.</param>
    public sealed record Vetoed(RebalanceAction Action) : RebalanceEvent;

    /// <summary>Published when an action failed. The connection stays on its queue.</summary>
    /// <param name="Action">The action.</param>
    /// <param name="Cause">The failure; null if the connection had ended, or another component was moving it.</param>
    public sealed record Failed(RebalanceAction Action, [property: JsonConverter(typeof(ExceptionJsonConverter))] Exception? Cause) : RebalanceEvent;

    /// <summary>Published when the flow rule of a closed connection could not be removed.</summary>
    /// <param name="ConnectionId">The connection's number.</param>
    /// <param name="Cause">The failure.</param>
    public sealed record UndoFailed(long ConnectionId, [property: JsonConverter(typeof(ExceptionJsonConverter))] Exception Cause) : RebalanceEvent;

    /// <summary>Published when a part of the rebalancer's work failed unexpectedly. Streams are not affected; the rebalancer
    /// continues.</summary>
    /// <param name="Cause">The error.</param>
    public sealed record Faulted([property: JsonConverter(typeof(ExceptionJsonConverter))] Exception Cause) : RebalanceEvent;

    /// <summary>Published when the kernel copies the payload of a connection and the rebalancer cannot prevent it. Published once until it recovers.</summary>
    /// <param name="Connection">The connection and the reason.</param>
    public sealed record ConnectionDegraded(DegradedConnection Connection) : RebalanceEvent;

    /// <summary>Published when the payload of a degraded connection is no longer copied.</summary>
    /// <param name="ConnectionId">The connection's number.</param>
    /// <param name="Queue">The queue that receives it.</param>
    /// <param name="RemoteEndPoint">The address of the peer; null if it could not be read.</param>
    public sealed record ConnectionRecovered(long ConnectionId, string Queue, [property: JsonConverter(typeof(IPEndPointJsonConverter))] IPEndPoint? RemoteEndPoint) : RebalanceEvent;
}
