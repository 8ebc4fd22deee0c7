namespace Zcrx.Cluster.Shards;

/// <summary>Represents a chunk that is not acknowledged.</summary>
/// <param name="First">The number of the first frame.</param>
/// <param name="Ends">The end of each frame in the bytes.</param>
/// <param name="Bytes">The bytes.</param>
/// <param name="Tokens">What is to be acknowledged with the chunk, one for each frame.</param>
internal sealed record PendingChunk<T>(long First, int[] Ends, byte[] Bytes, IReadOnlyList<T> Tokens)
{
    public long Next => First + Ends.Length;

    /// <summary>Gets or sets how often the chunk was sent. An acknowledgement of it is valid, and the budget of the shard includes it, once it was.</summary>
    public int Sent { get; set; }

    /// <summary>Gets or sets when the chunk was sent last.</summary>
    public TimeSpan SentAt { get; set; }
}
