using Zcrx.Actors;

namespace Zcrx.Cluster;

/// <summary>Represents Zcrx on all nodes of the cluster, as this node sees it.</summary>
/// <remarks>Threading: all members from any thread.</remarks>
public interface IZcrxCluster
{
    /// <summary>Gets the last status of each member that runs Zcrx, by the address of the node. A node that was removed from the cluster is not in it.</summary>
    /// <remarks>
    /// A status is as old as <see cref="ZcrxClusterOptions.StatusInterval"/> and the time of the gossip. A node that cannot be reached keeps its last one: compare
    /// <see cref="ZcrxNodeStatus.Time"/>.
    /// </remarks>
    IReadOnlyDictionary<string, ZcrxNodeStatus> Nodes { get; }

    /// <summary>Gets the events of all nodes from the subscription on. Events can be lost while nodes cannot reach each other.</summary>
    /// <remarks>Published one at a time, on a thread of the actor system. It completes when the actor system ends.</remarks>
    IObservable<ZcrxNodeEvent> Events { get; }
}
