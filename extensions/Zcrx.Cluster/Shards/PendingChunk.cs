namespace Zcrx.Cluster.Shards;

/// <summary>Represents a chunk that is not acknowledged yet.</summary>
/// <param name="First">The number of the first frame.</param>
/// <param name="Ends">The end offset of each frame in the bytes.</param>
/// <param name="Bytes">The bytes.</param>
/// <param name="Tokens">The token of each frame. The tokens are returned when the chunk is acknowledged.</param>
internal sealed record PendingChunk<T>(long First, int[] Ends, byte[] Bytes, IReadOnlyList<T> Tokens)
{
    public long Next => First + Ends.Length;

    /// <summary>
    /// Gets or sets how often the chunk was sent. Once it was sent, it can be acknowledged, and the budget of the shard includes its
    /// bytes.
    /// </summary>
    public int Sent { get; set; }

    /// <summary>Gets or sets when the chunk was sent last.</summary>
    public TimeSpan SentAt { get; set; }
}
