namespace Zcrx.Actors;

/// <summary>Provides the status of all processes that serve together, as this process sees it.</summary>
/// <remarks>
/// <para>
/// Register it in the container, and the dashboard of Zcrx.AspNetCore shows the nodes. <c>AddZcrxCluster</c> of Zcrx.Cluster does so.
/// </para>
/// <para>Threading: all members from any thread.</para>
/// </remarks>
public interface IZcrxNodes
{
    /// <summary>Gets the last status of each node, by its name. It includes this node.</summary>
    IReadOnlyDictionary<string, ZcrxNodeStatus> Nodes { get; }
}
