namespace Zcrx.Cluster.Shards;

/// <summary>Specifies the limits of a <see cref="ShardWindow{T}"/>.</summary>
/// <param name="MaxChunks">The largest number of unacknowledged chunks of one connection at one shard.</param>
/// <param name="MaxChunkBytes">The largest number of bytes in a chunk.</param>
/// <param name="ResendTimeout">The shortest time after which a chunk is sent again.</param>
internal sealed record ShardFlow(int MaxChunks, int MaxChunkBytes, TimeSpan ResendTimeout)
{
    private const int MostDoublings = 4;
    private const int RoundTrips = 3;

    /// <summary>Returns the time after which a chunk is sent again.</summary>
    /// <param name="roundTrip">
    /// The measured time from sending a chunk to its acknowledgement. The timeout is a multiple of this time, so that a slow entity does
    /// not get chunks twice.
    /// </param>
    /// <param name="attempts">The number of consecutive timeouts. Each one doubles the time, up to a limit.</param>
    public TimeSpan TimeoutOf(TimeSpan roundTrip, int attempts)
    {
        TimeSpan usual = roundTrip * RoundTrips;
        return (usual > ResendTimeout ? usual : ResendTimeout) * (1 << Math.Min(attempts, MostDoublings));
    }
}
