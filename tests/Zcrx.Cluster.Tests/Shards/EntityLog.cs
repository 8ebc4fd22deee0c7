using System.Collections.Concurrent;

namespace Zcrx.Cluster.Tests.Shards;

/// <summary>
/// Contains the frames that the entities of a test have taken, and the positions from which restarted entities continue. Threading: any
/// thread.
/// </summary>
internal sealed class EntityLog
{
    private readonly ConcurrentDictionary<string, KeyValuePair<Guid, long>[]> _positions = new(StringComparer.Ordinal);

    /// <summary>
    /// Gets the taken frames in order. Each entry has the connection, the key and the number of the frame, and the node of the entity.
    /// </summary>
    public ConcurrentQueue<(int Connection, int Key, int Number, string Node)> Taken { get; } = new();

    /// <summary>Determines whether entities acknowledge the frames that they take.</summary>
    public volatile bool IsAcknowledging = true;

    /// <summary>Determines whether entities omit the first acknowledgement of each chunk, as if it were lost.</summary>
    public volatile bool LosesAcknowledgements;

    public long Duplicates;

    public KeyValuePair<Guid, long>[] Positions(string partition) => _positions.GetValueOrDefault(partition, []);

    public void Store(string partition, IEnumerable<KeyValuePair<Guid, long>> positions) => _positions[partition] = [.. positions];
}
