using Zcrx.Actors;

namespace Zcrx.Cluster;

/// <summary>Represents Zcrx on all nodes of the cluster, as this node sees it.</summary>
/// <remarks>
/// <para>
/// <see cref="IZcrxNodes.Nodes"/> contains each member that runs Zcrx, by its address. A node that was removed from the cluster is not
/// included. The maximum age of a reachable node's status is <see cref="ZcrxClusterOptions.StatusInterval"/> plus the time of the gossip.
/// The last status of an unreachable node is kept; <see cref="ZcrxNodeStatus.Time"/> shows its age.
/// </para>
/// <para>Threading: all members are safe to call from any thread.</para>
/// </remarks>
public interface IZcrxCluster : IZcrxNodes
{
    /// <summary>
    /// Gets the events of all nodes, starting at the subscription. Events can be lost while nodes cannot reach each other.
    /// </summary>
    /// <remarks>
    /// Events are published one at a time, on a thread of the actor system. The sequence completes when the actor system ends. An exception
    /// of a subscriber is logged as an error. Later subscribers do not receive that event.
    /// </remarks>
    IObservable<ZcrxNodeEvent> Events { get; }
}
