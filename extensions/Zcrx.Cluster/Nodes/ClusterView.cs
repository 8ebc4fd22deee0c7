using System.Collections.Frozen;
using System.Reactive.Subjects;
using Zcrx.Actors;

namespace Zcrx.Cluster.Nodes;

/// <summary>Holds what this node knows about the other nodes, for readers on other threads.</summary>
/// <remarks>Threading: the node's actor publishes, and any thread reads.</remarks>
internal sealed class ClusterView : IZcrxCluster, IDisposable
{
    private readonly Subject<ZcrxNodeEvent> _events = new();
    private FrozenDictionary<string, ZcrxNodeStatus> _nodes = FrozenDictionary<string, ZcrxNodeStatus>.Empty;

    public IReadOnlyDictionary<string, ZcrxNodeStatus> Nodes => Volatile.Read(ref _nodes);

    public IObservable<ZcrxNodeEvent> Events => _events;

    public void Publish(IEnumerable<KeyValuePair<string, ZcrxNodeStatus>> nodes) =>
        Volatile.Write(ref _nodes, nodes.ToFrozenDictionary(StringComparer.Ordinal));

    public void Publish(ZcrxNodeEvent happened) => _events.OnNext(happened);

    public void Complete() => _events.OnCompleted();

    public void Dispose() => _events.Dispose();
}
