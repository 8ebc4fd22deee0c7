namespace Zcrx.Cluster.Shards;

/// <summary>Represents the bounds of a <see cref="ShardWindow{T}"/>.</summary>
/// <param name="MaxChunks">The number of chunks that may be unacknowledged at one shard.</param>
/// <param name="MaxChunkBytes">The maximum number of bytes of a chunk.</param>
/// <param name="ResendTimeout">The minimum time after which a chunk is sent again.</param>
internal sealed record ShardFlow(int MaxChunks, int MaxChunkBytes, TimeSpan ResendTimeout)
{
    private const int MostDoublings = 4;
    private const int RoundTrips = 3;

    /// <summary>Returns the time after which a chunk is sent again.</summary>
    /// <param name="roundTrip">
    /// The measured time until an acknowledgement. The timeout is a multiple of this time, so a slow entity does not cause repetitions.
    /// </param>
    /// <param name="attempts">The number of consecutive timeouts. Each doubles the time, up to a bound.</param>
    public TimeSpan TimeoutOf(TimeSpan roundTrip, int attempts)
    {
        TimeSpan usual = roundTrip * RoundTrips;
        return (usual > ResendTimeout ? usual : ResendTimeout) * (1 << Math.Min(attempts, MostDoublings));
    }
}
