namespace Zcrx.Cluster;

/// <summary>Delivers each frame of a source to the entity of a partition once and in order. Discards frames that arrive twice.</summary>
/// <remarks>
/// <para>
/// A chunk is sent again until it is acknowledged, so it may arrive twice. The inbox stores the number of the next frame of each source. It
/// discards frames with lower numbers, and chunks that arrive while an earlier chunk is missing.
/// </para>
/// <para>
/// While the entity runs, it gets each frame once. When it is restarted, it may get earlier frames again. Even acknowledged frames may come
/// again, because a second copy can still be in the mailbox. To exclude this, the entity must store <see cref="Positions"/> together with
/// the effects of the frames, and acknowledge afterwards.
/// </para>
/// <para>
/// An inbox serves one partition, because each source numbers its frames separately in each partition. The first message determines the
/// partition.
/// </para>
/// <para>Ownership: one entity. Threading: only on the entity's thread.</para>
/// </remarks>
public sealed class FrameInbox
{
    /// <summary>The default for the largest number of sources that an inbox remembers.</summary>
    public const int DefaultMaxSources = 65_536;

    private readonly int _maxSources;
    private int? _partition;
    private readonly Dictionary<Guid, LinkedListNode<Position>> _positions = [];
    // The active sources. The source that was seen most recently is last.
    private readonly LinkedList<Position> _order = new();
    // The ended sources. The source that ended most recently is last.
    private readonly LinkedList<Position> _ended = new();

    /// <summary>Initializes an inbox for an entity without stored positions.</summary>
    /// <param name="maxSources">
    /// The largest number of sources that the inbox remembers. To remember another one, it forgets the source that ended first. If no
    /// source has ended, it forgets the one that was silent for the longest time.
    /// </param>
    public FrameInbox(int maxSources = DefaultMaxSources)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxSources);
        _maxSources = maxSources;
    }

    /// <summary>Initializes an inbox with the stored positions of an earlier incarnation of the entity.</summary>
    /// <param name="positions">The number of the next frame of each source, from <see cref="Positions"/>.</param>
    /// <param name="maxSources">The largest number of sources that the inbox remembers.</param>
    public FrameInbox(IEnumerable<KeyValuePair<Guid, long>> positions, int maxSources = DefaultMaxSources)
        : this(maxSources)
    {
        ArgumentNullException.ThrowIfNull(positions);
        foreach ((Guid source, long next) in positions)
        {
            Find(source).Next = next;
        }
    }

    /// <summary>Gets the number of frames that were discarded because the entity had got them before.</summary>
    public long Duplicates { get; private set; }

    /// <summary>
    /// Gets the number of the next frame of each source. An entity that must not get a frame again after a restart stores these positions.
    /// </summary>
    /// <remarks>
    /// Sources that have ended come first. The positions include all frames that <see cref="Accept"/> has returned. If an entity writes
    /// several chunks at the same time, it must instead store <see cref="FrameChunk.NextSequence"/> of each chunk with that chunk.
    /// </remarks>
    public IEnumerable<KeyValuePair<Guid, long>> Positions => _ended.Concat(_order).Select(static position => KeyValuePair.Create(position.Source, position.Next));

    /// <summary>Returns the frames of a chunk that the entity has not got before.</summary>
    /// <param name="chunk">The received chunk.</param>
    /// <returns>The new frames, in order. Empty if the entity has got all of them before, or if an earlier chunk is missing.</returns>
    /// <exception cref="InvalidOperationException">The chunk belongs to another partition than earlier ones.</exception>
    public IReadOnlyList<ShardFrame> Accept(FrameChunk chunk)
    {
        ArgumentNullException.ThrowIfNull(chunk);
        RequirePartition(chunk.Partition);
        Position position = Find(chunk.Source);
        // The frames before the oldest unacknowledged one were acknowledged, by an earlier incarnation or by this inbox before it forgot
        // the source.
        position.Next = Math.Max(position.Next, chunk.OldestUnacknowledged);
        if (chunk.FirstSequence > position.Next)
        {
            return [];
        }

        int skipped = (int)Math.Min(position.Next - chunk.FirstSequence, chunk.Count);
        Duplicates += skipped;
        if (skipped == chunk.Count)
        {
            return [];
        }

        ShardFrame[] frames = new ShardFrame[chunk.Count - skipped];
        for (int i = 0; i < frames.Length; i++)
        {
            frames[i] = new ShardFrame(position.Next + i, chunk[skipped + i]);
        }

        position.Next = chunk.NextSequence;
        return frames;
    }

    /// <summary>
    /// Returns the acknowledgement of a chunk. It covers the frames of the source that <see cref="Accept"/> has returned, up to the end of
    /// the chunk.
    /// </summary>
    /// <param name="chunk">A chunk that was passed to <see cref="Accept"/>.</param>
    /// <returns>The message to the sender of the chunk.</returns>
    /// <remarks>
    /// <para>
    /// Send the message when the effects of the chunk and of all earlier chunks of the source are durable. The message does not cover later
    /// chunks, so these need not be durable yet.
    /// </para>
    /// <para>
    /// Acknowledge a chunk even if <see cref="Accept"/> has returned no frames of it. Send its message when the effects of all frames that
    /// were accepted from the source are durable.
    /// </para>
    /// </remarks>
    /// <exception cref="InvalidOperationException">The chunk belongs to another partition than earlier ones.</exception>
    public FrameAcknowledgement Acknowledge(FrameChunk chunk)
    {
        ArgumentNullException.ThrowIfNull(chunk);
        RequirePartition(chunk.Partition);
        return new FrameAcknowledgement(chunk.Source, chunk.Partition, Math.Min(Find(chunk.Source).Next, chunk.NextSequence));
    }

    /// <summary>Marks a source as ended. The inbox keeps its position until it needs the space for another source.</summary>
    /// <param name="ended">The message about the end of the source.</param>
    /// <remarks>
    /// A chunk that was sent twice may arrive after the end of its source. The position shows that its frames are duplicates.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The message belongs to another partition than earlier ones.</exception>
    public void Forget(FrameSourceEnded ended)
    {
        ArgumentNullException.ThrowIfNull(ended);
        RequirePartition(ended.Partition);
        if (_positions.TryGetValue(ended.Source, out LinkedListNode<Position>? node) && node.List == _order)
        {
            _order.Remove(node);
            _ended.AddLast(node);
        }
    }

    // Each partition numbers its frames from 0. Frames of another partition would look like duplicates and be lost without an error.
    private void RequirePartition(int partition)
    {
        _partition ??= partition;
        if (_partition != partition)
        {
            throw new InvalidOperationException(
                $"The inbox serves partition {_partition}, but the message belongs to partition {partition}. Use one FrameInbox for each partition.");
        }
    }

    private Position Find(Guid source)
    {
        if (_positions.TryGetValue(source, out LinkedListNode<Position>? node))
        {
            // If a late duplicate arrives, an ended source must stay among the ended ones.
            if (node.List == _order)
            {
                _order.Remove(node);
                _order.AddLast(node);
            }

            return node.Value;
        }

        if (_positions.Count == _maxSources)
        {
            LinkedListNode<Position> removed = (_ended.First ?? _order.First)!;
            removed.List!.Remove(removed);
            _positions.Remove(removed.Value.Source);
        }

        node = _order.AddLast(new Position(source));
        _positions.Add(source, node);
        return node.Value;
    }

    private sealed class Position(Guid source)
    {
        public Guid Source => source;

        public long Next { get; set; }
    }
}
