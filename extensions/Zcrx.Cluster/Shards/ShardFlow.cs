namespace Zcrx.Cluster.Shards;

/// <summary>Represents the bounds of a <see cref="ShardWindow{T}"/>.</summary>
/// <param name="MaxChunks">The number of chunks that may be unacknowledged at one shard.</param>
/// <param name="MaxChunkBytes">The number of bytes of a chunk.</param>
/// <param name="ResendTimeout">The shortest time after which a chunk is sent again.</param>
internal sealed record ShardFlow(int MaxChunks, int MaxChunkBytes, TimeSpan ResendTimeout)
{
    private const int MostDoublings = 4;
    private const int RoundTrips = 3;

    /// <summary>Returns the time after which a chunk is sent again.</summary>
    /// <param name="roundTrip">The time that acknowledgements take. An entity that is slow is not one that lost a chunk.</param>
    /// <param name="attempts">The number of times that were too short.</param>
    public TimeSpan TimeoutOf(TimeSpan roundTrip, int attempts)
    {
        TimeSpan usual = roundTrip * RoundTrips;
        return (usual > ResendTimeout ? usual : ResendTimeout) * (1 << Math.Min(attempts, MostDoublings));
    }
}
