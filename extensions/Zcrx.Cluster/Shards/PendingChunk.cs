namespace Zcrx.Cluster.Shards;

/// <summary>Represents a chunk that is not acknowledged yet.</summary>
/// <param name="First">The number of the first frame.</param>
/// <param name="Ends">The offset of each frame's end in the bytes.</param>
/// <param name="Bytes">The bytes of all frames.</param>
/// <param name="Tokens">The token of each frame, which is returned to the caller when the chunk is acknowledged.</param>
internal sealed record PendingChunk<T>(long First, int[] Ends, byte[] Bytes, IReadOnlyList<T> Tokens)
{
    public long Next => First + Ends.Length;

    /// <summary>
    /// Gets or sets how often the chunk was sent. A chunk that was sent can be acknowledged, and its bytes count in the shard's budget.
    /// </summary>
    public int Sent { get; set; }

    /// <summary>Gets or sets the time at which the chunk was last sent.</summary>
    public TimeSpan SentAt { get; set; }
}
