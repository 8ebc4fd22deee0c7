namespace Zcrx.Cluster;

/// <summary>Takes each frame of a source once and in order, for the entity of a partition.</summary>
/// <remarks>
/// <para>
/// A chunk is sent again until it is acknowledged, so the same chunk may arrive twice. The inbox stores the next number of each source. It
/// discards frames that it has taken, and chunks that arrive while an earlier chunk is missing.
/// </para>
/// <para>
/// One incarnation of the entity takes each frame once. This also holds across incarnations if the entity stores
/// <see cref="Positions"/> together with its effects, and acknowledges afterwards. Otherwise the next incarnation takes unacknowledged
/// frames of the previous one again.
/// </para>
/// <para>Ownership: one entity. Threading: only on the entity's thread.</para>
/// </remarks>
public sealed class FrameInbox
{
    /// <summary>The default number of sources that the inbox remembers at the same time.</summary>
    public const int DefaultMaxSources = 65_536;

    private readonly int _maxSources;
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
    /// <remarks>Sources that have ended come first.</remarks>
    public IEnumerable<KeyValuePair<Guid, long>> Positions => _ended.Concat(_order).Select(static position => KeyValuePair.Create(position.Source, position.Next));

    /// <summary>Takes the frames of a chunk that were not taken before.</summary>
    /// <param name="chunk">The chunk.</param>
    /// <returns>The new frames, in order. Empty if the inbox has taken all of them, or if an earlier chunk is missing.</returns>
    public IReadOnlyList<ShardFrame> Accept(FrameChunk chunk)
    {
        ArgumentNullException.ThrowIfNull(chunk);
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

    /// <summary>Returns the acknowledgement of all frames that were taken from the source of a chunk.</summary>
    /// <param name="chunk">A chunk that was passed to <see cref="Accept"/>.</param>
    /// <returns>
    /// The message to the sender of the chunk. Send it when the effects of the frames are durable, also for a chunk without new frames.
    /// </returns>
    public FrameAcknowledgement Acknowledge(FrameChunk chunk)
    {
        ArgumentNullException.ThrowIfNull(chunk);
        return new FrameAcknowledgement(chunk.Source, chunk.Partition, Find(chunk.Source).Next);
    }

    /// <summary>Marks a source as ended. Its position stays until the inbox needs the room for another source.</summary>
    /// <param name="ended">The message.</param>
    /// <remarks>
    /// A chunk that was sent twice may arrive after the end of its source. The position recognizes its frames as duplicates.
    /// </remarks>
    public void Forget(FrameSourceEnded ended)
    {
        ArgumentNullException.ThrowIfNull(ended);
        if (_positions.TryGetValue(ended.Source, out LinkedListNode<Position>? node) && node.List == _order)
        {
            _order.Remove(node);
            _ended.AddLast(node);
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
