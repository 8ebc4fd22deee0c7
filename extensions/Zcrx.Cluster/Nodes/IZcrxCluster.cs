using Zcrx.Actors;

namespace Zcrx.Cluster;

/// <summary>Represents Zcrx on all nodes of the cluster, as this node sees it.</summary>
/// <remarks>
/// <para>
/// <see cref="IZcrxNodes.Nodes"/> contains each member of the cluster that runs Zcrx, by its address. A removed node is not included. The
/// status of a reachable node is no older than <see cref="ZcrxClusterOptions.StatusInterval"/> plus the time of the gossip. For an
/// unreachable node, the last known status is kept, and <see cref="ZcrxNodeStatus.Time"/> shows its age.
/// </para>
/// <para>Threading: any thread.</para>
/// </remarks>
public interface IZcrxCluster : IZcrxNodes
{
    /// <summary>
    /// Gets the events that all nodes publish after the subscription. Events can be lost while nodes cannot reach each other.
    /// </summary>
    /// <remarks>
    /// Events are published one at a time, on a thread of the actor system. The sequence completes when the actor system ends. If a
    /// subscriber throws, the exception is logged, and subscribers that would come after it miss this event.
    /// </remarks>
    IObservable<ZcrxNodeEvent> Events { get; }
}
