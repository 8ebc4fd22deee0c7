namespace Zcrx.Cluster.Shards;

/// <summary>Represents the bounds of a <see cref="ShardWindow{T}"/>.</summary>
/// <param name="MaxChunks">The number of chunks that may be unacknowledged at one shard.</param>
/// <param name="MaxChunkBytes">The number of bytes of a chunk.</param>
/// <param name="ResendTimeout">The time after which a chunk is sent again.</param>
internal sealed record ShardFlow(int MaxChunks, int MaxChunkBytes, TimeSpan ResendTimeout)
{
    private const int MostDoublings = 4;

    /// <summary>Returns the time after which a chunk is sent again that was sent a number of times before.</summary>
    public TimeSpan TimeoutOf(int attempts) => ResendTimeout * (1 << Math.Min(attempts, MostDoublings));
}
