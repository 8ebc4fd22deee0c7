using System.Net;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>What the rebalancer has seen and done. Published on the actor system's event stream, like every <see cref="ZcrxEvent"/>.</summary>
public abstract record RebalanceEvent : ZcrxEvent
{
    private RebalanceEvent()
    {
    }

    /// <summary>The kernel copies what a queue receives: its packets arrive elsewhere.</summary>
    /// <param name="Queue">The queue's name.</param>
    /// <param name="CopiedShare">Copied part of the last sample, 0 to 1.</param>
    public sealed record StormBegan(string Queue, double CopiedShare) : RebalanceEvent;

    /// <summary>It does no longer.</summary>
    /// <param name="Queue">The queue's name.</param>
    public sealed record StormEnded(string Queue) : RebalanceEvent;

    /// <summary>A connection has gone over to another queue: placed, rebalanced, or because its payload lies in that queue's memory.</summary>
    /// <param name="ConnectionId">The connection's number.</param>
    /// <param name="From">The queue that received it.</param>
    /// <param name="To">The queue that receives it now.</param>
    /// <param name="Reason">Why.</param>
    public sealed record Moved(long ConnectionId, string From, string To, MoveReason Reason) : RebalanceEvent;

    /// <summary>Packets were steered: a flow rule was added, or an RSS table replaced.</summary>
    /// <param name="Action">What was done.</param>
    public sealed record Steered(RebalanceAction Action) : RebalanceEvent;

    /// <summary>A flow rule was removed, or an RSS table put back: its connection is closed, or everything is.</summary>
    /// <param name="Action">What had been done.</param>
    public sealed record Unsteered(RebalanceAction Action) : RebalanceEvent;

    /// <summary>An action was vetoed (<see cref="ZcrxRebalancingOptions.Permit"/>), and with it what belongs to it.</summary>
    /// <param name="Action">What would have been done.</param>
    public sealed record Vetoed(RebalanceAction Action) : RebalanceEvent;

    /// <summary>An action did not succeed. The connection goes on where it was.</summary>
    /// <param name="Action">What was tried.</param>
    /// <param name="Cause">Why not; null when the connection had ended, or was being moved by somebody else.</param>
    public sealed record Failed(RebalanceAction Action, Exception? Cause) : RebalanceEvent;

    /// <summary>The flow rule of a connection that is closed could not be removed.</summary>
    /// <param name="ConnectionId">The connection's number.</param>
    /// <param name="Cause">Why not.</param>
    public sealed record UndoFailed(long ConnectionId, Exception Cause) : RebalanceEvent;

    /// <summary>Raised when a part of the rebalancer's work failed unexpectedly. Streams are not affected; the rebalancer
    /// continues.</summary>
    /// <param name="Cause">The error.</param>
    public sealed record Faulted(Exception Cause) : RebalanceEvent;

    /// <summary>The kernel copies what a connection receives, and nothing can be done about it. Said once, until it has recovered.</summary>
    /// <param name="Connection">The connection, and why.</param>
    public sealed record ConnectionDegraded(DegradedConnection Connection) : RebalanceEvent;

    /// <summary>What a degraded connection receives is no longer copied.</summary>
    /// <param name="ConnectionId">The connection's number.</param>
    /// <param name="Queue">The queue that receives it.</param>
    /// <param name="RemoteEndPoint">The peer, if it could be asked.</param>
    public sealed record ConnectionRecovered(long ConnectionId, string Queue, EndPoint? RemoteEndPoint) : RebalanceEvent;
}
