using System.Collections.Concurrent;

namespace Zcrx.Cluster.Tests.Shards;

/// <summary>
/// Contains the frames that the entities of a test have taken, and the state that outlives their incarnations. Threading: any thread.
/// </summary>
internal sealed class EntityLog
{
    private readonly ConcurrentDictionary<string, KeyValuePair<Guid, long>[]> _positions = new(StringComparer.Ordinal);

    /// <summary>Gets the taken frames in order. Each entry has the connection, the key, the number and the node of the entity.</summary>
    public ConcurrentQueue<(int Connection, int Key, int Number, string Node)> Taken { get; } = new();

    /// <summary>Determines whether entities acknowledge.</summary>
    public volatile bool IsAcknowledging = true;

    /// <summary>Determines whether the first acknowledgement of each chunk is lost.</summary>
    public volatile bool LosesAcknowledgements;

    public long Duplicates;

    public KeyValuePair<Guid, long>[] Positions(string partition) => _positions.GetValueOrDefault(partition, []);

    public void Store(string partition, IEnumerable<KeyValuePair<Guid, long>> positions) => _positions[partition] = [.. positions];
}
