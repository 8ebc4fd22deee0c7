namespace Zcrx.Cluster;

/// <summary>Takes each frame of a source once and in order, for the entity of a partition.</summary>
/// <remarks>
/// <para>
/// A chunk is sent again until it is acknowledged, so the same chunk may arrive twice. The inbox stores the next number of each source. It
/// discards frames that it has taken, and chunks that arrive while an earlier chunk is missing.
/// </para>
/// <para>
/// One incarnation of the entity takes each frame once. This also holds across incarnations if the entity stores
/// <see cref="Positions"/> together with its effects, and acknowledges afterwards. Otherwise the next incarnation may take any frame of
/// the previous one again. This includes acknowledged frames: a copy that was sent again stays in the mailbox.
/// </para>
/// <para>
/// An inbox serves one partition, because the frames of a source are numbered in each partition from 0. The first message determines the
/// partition.
/// </para>
/// <para>Ownership: one entity. Threading: only on the entity's thread.</para>
/// </remarks>
public sealed class FrameInbox
{
    /// <summary>The default number of sources that the inbox remembers at the same time.</summary>
    public const int DefaultMaxSources = 65_536;

    private readonly int _maxSources;
    private int? _partition;
    private readonly Dictionary<Guid, LinkedListNode<Position>> _positions = [];
    // Ordered by activity: the source that was seen most recently is last.
    private readonly LinkedList<Position> _order = new();
    // Ordered by their ends: the source that ended most recently is last.
    private readonly LinkedList<Position> _ended = new();

    /// <summary>Initializes an inbox.</summary>
    /// <param name="maxSources">
    /// The number of sources that the inbox remembers at the same time. To remember another source, it forgets the one that ended first. If
    /// no source has ended, it forgets the one that was silent for the longest time.
    /// </param>
    public FrameInbox(int maxSources = DefaultMaxSources)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxSources);
        _maxSources = maxSources;
    }

    /// <summary>Initializes an inbox with the positions of an earlier incarnation.</summary>
    /// <param name="positions">The next number of each source; see <see cref="Positions"/>.</param>
    /// <param name="maxSources">The number of sources that the inbox remembers at the same time.</param>
    public FrameInbox(IEnumerable<KeyValuePair<Guid, long>> positions, int maxSources = DefaultMaxSources)
        : this(maxSources)
    {
        ArgumentNullException.ThrowIfNull(positions);
        foreach ((Guid source, long next) in positions)
        {
            Find(source).Next = next;
        }
    }

    /// <summary>Gets the number of frames that were discarded because the inbox had already taken them.</summary>
    public long Duplicates { get; private set; }

    /// <summary>
    /// Gets the next number of each source. An entity that must not take a frame again after a restart stores these positions.
    /// </summary>
    /// <remarks>
    /// Sources that have ended come first. The positions include all frames that <see cref="Accept"/> has returned. An entity with several
    /// unfinished writes stores <see cref="FrameChunk.NextSequence"/> of each chunk with that chunk instead.
    /// </remarks>
    public IEnumerable<KeyValuePair<Guid, long>> Positions => _ended.Concat(_order).Select(static position => KeyValuePair.Create(position.Source, position.Next));

    /// <summary>Takes the frames of a chunk that were not taken before.</summary>
    /// <param name="chunk">The chunk.</param>
    /// <returns>The new frames, in order. Empty if the inbox has taken all of them, or if an earlier chunk is missing.</returns>
    /// <exception cref="InvalidOperationException">The chunk belongs to another partition than earlier ones.</exception>
    public IReadOnlyList<ShardFrame> Accept(FrameChunk chunk)
    {
        ArgumentNullException.ThrowIfNull(chunk);
        RequirePartition(chunk.Partition);
        Position position = Find(chunk.Source);
        // Earlier frames were acknowledged by an earlier incarnation, or by this inbox before it forgot the source.
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
    /// Returns the acknowledgement of the frames that were taken from the source of a chunk, up to the end of the chunk.
    /// </summary>
    /// <param name="chunk">A chunk that was passed to <see cref="Accept"/>.</param>
    /// <returns>The message to the sender of the chunk.</returns>
    /// <remarks>
    /// <para>
    /// Send the message when the effects of the chunk and of all earlier chunks of the source are durable. Later chunks may still be
    /// unfinished: the message does not include them.
    /// </para>
    /// <para>
    /// Also acknowledge a chunk without new frames: it repeats accepted frames, or arrived while an earlier chunk is missing. Send its
    /// message when the effects of all frames that were accepted from the source are durable.
    /// </para>
    /// </remarks>
    /// <exception cref="InvalidOperationException">The chunk belongs to another partition than earlier ones.</exception>
    public FrameAcknowledgement Acknowledge(FrameChunk chunk)
    {
        ArgumentNullException.ThrowIfNull(chunk);
        RequirePartition(chunk.Partition);
        return new FrameAcknowledgement(chunk.Source, chunk.Partition, Math.Min(Find(chunk.Source).Next, chunk.NextSequence));
    }

    /// <summary>Marks a source as ended. Its position stays until the inbox needs the room for another source.</summary>
    /// <param name="ended">The message.</param>
    /// <remarks>
    /// A chunk that was sent twice may arrive after the end of its source. The position recognizes its frames as duplicates.
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

    // Numbers of another partition would look like duplicates, and the frames would be lost without an error.
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
            // A late duplicate does not make an ended source active again.
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
