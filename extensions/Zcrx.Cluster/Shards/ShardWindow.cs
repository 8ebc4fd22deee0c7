using System.Buffers;

namespace Zcrx.Cluster.Shards;

/// <summary>Groups the frames of one connection by partition. Decides when frames are sent, sent again and acknowledged.</summary>
/// <remarks>
/// The window sends nothing itself and has no clock. After each call, the caller must send the chunks in <see cref="Outgoing"/>, process
/// the tokens in <see cref="Acknowledged"/>, and clear both lists. Threading: one thread at a time.
/// </remarks>
/// <typeparam name="T">The type of the token that is returned when a frame is acknowledged.</typeparam>
/// <param name="source">The identity of the stream that sends the frames.</param>
/// <param name="flow">The limits.</param>
/// <param name="claim">Creates the connection's claim on the budget of a partition's shard.</param>
internal sealed class ShardWindow<T>(Guid source, ShardFlow flow, Func<int, ShardClaim> claim)
{
    private readonly Dictionary<int, ShardLane<T>> _lanes = [];
    // The partitions that have got frames since the last flush.
    private readonly HashSet<int> _touched = [];

    /// <summary>Gets the identity of the stream.</summary>
    public Guid Source => source;

    /// <summary>Gets the chunks to send, in order.</summary>
    public List<FrameChunk> Outgoing { get; } = [];

    /// <summary>Gets the tokens of the frames that were acknowledged.</summary>
    public List<T> Acknowledged { get; } = [];

    /// <summary>Gets the partitions to which frames were added.</summary>
    public IReadOnlyCollection<int> Partitions => _lanes.Keys;

    /// <summary>Gets a value indicating whether all frames are acknowledged.</summary>
    public bool IsEmpty => _lanes.Values.All(static lane => lane.IsEmpty);

    /// <summary>Gets the number of chunks that were sent again.</summary>
    public long Resends { get; private set; }

    /// <summary>Returns the number of chunks in flight to a partition.</summary>
    public int InFlight(int partition) => _lanes.TryGetValue(partition, out ShardLane<T>? lane) ? lane.InFlight : 0;

    /// <summary>Returns the number of the first unacknowledged frame to a partition.</summary>
    public long OldestUnacknowledged(int partition) => _lanes.TryGetValue(partition, out ShardLane<T>? lane) ? lane.Oldest : 0;

    /// <summary>Adds a frame by copying its bytes. <see cref="Flush"/> sends the added frames together.</summary>
    public void Add(int partition, ReadOnlySequence<byte> frame, T token)
    {
        if (!_lanes.TryGetValue(partition, out ShardLane<T>? lane))
        {
            lane = new ShardLane<T>(source, partition, flow, claim(partition));
            _lanes.Add(partition, lane);
        }

        lane.Add(frame, token);
        _touched.Add(partition);
    }

    /// <summary>Sends the added frames, as far as the limits allow.</summary>
    public void Flush(TimeSpan now)
    {
        foreach (int partition in _touched)
        {
            Send(_lanes[partition], now);
        }

        _touched.Clear();
    }

    /// <summary>Handles an acknowledgement. Ignores those of other streams and of frames that were not sent.</summary>
    public void OnAcknowledged(FrameAcknowledgement acknowledgement, TimeSpan now)
    {
        if (acknowledgement.Source == source && _lanes.TryGetValue(acknowledgement.Partition, out ShardLane<T>? lane))
        {
            lane.Acknowledge(acknowledgement.NextSequence, now, Acknowledged);
            Send(lane, now);
        }
    }

    /// <summary>Sends the waiting chunks of a shard after its budget has granted their bytes.</summary>
    public void OnGranted(int partition, TimeSpan now) => Send(_lanes[partition], now);

    /// <summary>Checks the timeouts of all partitions, and sends again what was not acknowledged in time.</summary>
    public void OnTime(TimeSpan now)
    {
        foreach (ShardLane<T> lane in _lanes.Values)
        {
            lane.OnTime(now);
            Send(lane, now);
        }
    }

    /// <summary>Ends all claims and returns their bytes to the budgets.</summary>
    public void ReturnBudgets()
    {
        foreach (ShardLane<T> lane in _lanes.Values)
        {
            lane.Dispose();
        }
    }

    private void Send(ShardLane<T> lane, TimeSpan now) => Resends += lane.Send(now, Outgoing);
}
