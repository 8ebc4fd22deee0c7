using System.Text.Json.Serialization;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>Represents a planned or completed action of the rebalancer. Immutable.</summary>
[JsonDerivedType(typeof(MoveConnection), nameof(MoveConnection))]
[JsonDerivedType(typeof(SteerFlow), nameof(SteerFlow))]
[JsonDerivedType(typeof(ReplaceRssTable), nameof(ReplaceRssTable))]
public abstract record RebalanceAction
{
    private RebalanceAction()
    {
    }

    /// <summary>Moves a connection to another queue.</summary>
    /// <param name="ConnectionId">The id of the connection.</param>
    /// <param name="From">The name of the queue that receives for the connection before the move.</param>
    /// <param name="To">The name of the queue that receives for the connection after the move.</param>
    /// <param name="Reason">The reason for the move.</param>
    public sealed record MoveConnection(long ConnectionId, string From, string To, MoveReason Reason) : RebalanceAction
    {
        /// <inheritdoc/>
        public override string ToString() => $"connection {ConnectionId} from {From} to {To} ({Reason})";
    }

    /// <summary>Adds a flow rule, so that the packets of a connection arrive on another RX queue.</summary>
    /// <param name="ConnectionId">The id of the connection.</param>
    /// <param name="Interface">The name of the network interface.</param>
    /// <param name="Rule">The flow rule to add.</param>
    public sealed record SteerFlow(long ConnectionId, string Interface, FlowRule Rule) : RebalanceAction
    {
        /// <inheritdoc/>
        public override string ToString() => $"connection {ConnectionId} on {Interface} ({Rule})";
    }

    /// <summary>Replaces the RSS table, so that packets of unmanaged RX queues arrive on the queues of this process.</summary>
    /// <param name="Interface">The name of the network interface.</param>
    /// <param name="Table">The new table. It contains an RX queue for each bucket.</param>
    public sealed record ReplaceRssTable(string Interface, IReadOnlyList<int> Table) : RebalanceAction
    {
        /// <inheritdoc/>
        public override string ToString() => $"the RSS table of {Interface} ({Table.Count} buckets over the queues {string.Join(", ", Table.Distinct().Order())})";
    }
}
