using Zcrx.Actors;

namespace Zcrx.Cluster;

/// <summary>Represents Zcrx on all nodes of the cluster, as this node sees it.</summary>
/// <remarks>
/// <para>
/// <see cref="IZcrxNodes.Nodes"/> has each member that runs Zcrx, by its address. A node that was removed from the cluster is not in it. A status is as old as
/// <see cref="ZcrxClusterOptions.StatusInterval"/> and the time of the gossip. A node that cannot be reached keeps its last one: compare <see cref="ZcrxNodeStatus.Time"/>.
/// </para>
/// <para>Threading: all members from any thread.</para>
/// </remarks>
public interface IZcrxCluster : IZcrxNodes
{
    /// <summary>Gets the events of all nodes from the subscription on. Events can be lost while nodes cannot reach each other.</summary>
    /// <remarks>Published one at a time, on a thread of the actor system. It completes when the actor system ends.</remarks>
    IObservable<ZcrxNodeEvent> Events { get; }
}
