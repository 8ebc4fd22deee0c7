namespace Zcrx.Actors;

/// <summary>Provides the status of all processes that serve together, as this process sees it.</summary>
/// <remarks>
/// <para>
/// The dashboard of Zcrx.AspNetCore shows the nodes if the container has this service. <c>AddZcrxCluster</c> of Zcrx.Cluster adds it.
/// </para>
/// <para>Threading: all members are callable on any thread.</para>
/// </remarks>
public interface IZcrxNodes
{
    /// <summary>Gets the last status of each node, by the name of the node. Includes this node.</summary>
    IReadOnlyDictionary<string, ZcrxNodeStatus> Nodes { get; }
}
