namespace Zcrx.Cluster;

/// <summary>Represents a message that carries frames of one connection to the entity of one partition. Immutable.</summary>
/// <remarks>
/// The bytes are a copy, because zero copy ends when frames leave their node. The entity passes the chunk to a <see cref="FrameInbox"/>,
/// which returns each frame once. It then answers the sender with a <see cref="FrameAcknowledgement"/>.
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

    /// <summary>Gets the identity of the stream that the frames come from. Each call of <c>ToShards</c> creates a new identity.</summary>
    public Guid Source { get; }

    /// <summary>Gets the number of the partition to which the frames belong by their keys.</summary>
    public int Partition { get; }

    /// <summary>Gets the number of the first frame. The frames from one source to one partition are numbered from 0.</summary>
    public long FirstSequence { get; }

    /// <summary>
    /// Gets the number of the first frame that was not acknowledged when the chunk was sent. Earlier frames are never sent again.
    /// </summary>
    public long OldestUnacknowledged { get; }

    /// <summary>Gets the number of the last frame plus one.</summary>
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
