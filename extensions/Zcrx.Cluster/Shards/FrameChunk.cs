namespace Zcrx.Cluster;

/// <summary>Carries frames of one connection to the entity of one partition. Immutable.</summary>
/// <remarks>
/// The bytes are a copy: zero copy ends where frames leave their node. <see cref="FrameInbox"/> takes each frame of it once. The sender of the message gets the
/// <see cref="FrameAcknowledgement"/>.
/// </remarks>
public sealed class FrameChunk
{
    private readonly int[] _ends;
    private readonly ReadOnlyMemory<byte> _bytes;

    internal FrameChunk(Guid source, int partition, long firstSequence, long oldestUnacknowledged, int[] ends, ReadOnlyMemory<byte> bytes)
    {
        (Source, Partition, FirstSequence, OldestUnacknowledged) = (source, partition, firstSequence, oldestUnacknowledged);
        (_ends, _bytes) = (ends, bytes);
    }

    /// <summary>Gets the identity of the stream that the frames come from. Each call of <c>ToShards</c> has another one.</summary>
    public Guid Source { get; }

    /// <summary>Gets the partition of the key space.</summary>
    public int Partition { get; }

    /// <summary>Gets the number of the first frame among those of its source to this partition, from 0 on.</summary>
    public long FirstSequence { get; }

    /// <summary>Gets the number of the first frame that no entity has acknowledged when the chunk was sent.</summary>
    public long OldestUnacknowledged { get; }

    /// <summary>Gets the number behind that of the last frame.</summary>
    public long NextSequence => FirstSequence + Count;

    /// <summary>Gets the number of frames.</summary>
    public int Count => _ends.Length;

    /// <summary>Gets the number of bytes of all frames.</summary>
    public int Length => _bytes.Length;

    internal ReadOnlySpan<int> Ends => _ends;

    internal ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>Returns the bytes of one frame.</summary>
    /// <param name="index">The position of the frame in the chunk.</param>
    /// <returns>The bytes.</returns>
    public ReadOnlyMemory<byte> this[int index]
    {
        get
        {
            int start = index == 0 ? 0 : _ends[index - 1];
            return _bytes[start.._ends[index]];
        }
    }
}
