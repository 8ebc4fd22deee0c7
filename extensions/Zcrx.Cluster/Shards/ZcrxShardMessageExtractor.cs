using System.Globalization;
using Akka.Cluster.Sharding;

namespace Zcrx.Cluster;

/// <summary>Routes frames to the entities of a shard region. Each partition of the key space has one entity and one shard.</summary>
/// <remarks>The id of an entity is the number of its partition, as text.</remarks>
public sealed class ZcrxShardMessageExtractor : IMessageExtractor
{
    /// <inheritdoc/>
    public string? EntityId(object message) => message switch
    {
        FrameChunk chunk => Name(chunk.Partition),
        FrameSourceEnded ended => Name(ended.Partition),
        _ => null,
    };

    /// <inheritdoc/>
    public object EntityMessage(object message) => message;

    /// <inheritdoc/>
    [Obsolete("Akka.Cluster.Sharding calls the other overload.")]
    public string? ShardId(object message) => EntityId(message);

    /// <inheritdoc/>
    public string ShardId(string entityId, object? messageHint = null) => entityId;

    private static string Name(int partition) => partition.ToString(CultureInfo.InvariantCulture);
}
