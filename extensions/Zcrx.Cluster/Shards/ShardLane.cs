using System.Buffers;

namespace Zcrx.Cluster.Shards;

/// <summary>Holds the unacknowledged frames of one connection to one partition. Decides when each chunk is sent.</summary>
/// <remarks>
/// Chunks are sent in order. After a timeout they are sent again, from the first unacknowledged chunk. Then only one chunk is in flight
/// until the next acknowledgement. A slow entity, or an entity that is being moved, therefore gets one more chunk and not all of them.
/// </remarks>
/// <param name="source">The identity of the stream.</param>
/// <param name="partition">The partition.</param>
/// <param name="flow">The bounds.</param>
/// <param name="claim">The share of the shard's budget.</param>
internal sealed class ShardLane<T>(Guid source, int partition, ShardFlow flow, ShardClaim claim) : IDisposable
{
    private const int Smoothing = 8;

    // The chunks in the order of sending. The first _inFlight chunks are in flight.
    private readonly List<PendingChunk<T>> _chunks = [];
    private ChunkBuilder<T>? _open;
    private long _next;
    private int _inFlight;
    private bool _isRecovering;
    private int _attempts;
    private TimeSpan _deadline;
    private TimeSpan _roundTrip;

    public bool IsEmpty => _chunks.Count == 0 && _open is null;

    /// <summary>Gets the number of chunks that are in flight.</summary>
    public int InFlight => _inFlight;

    /// <summary>Gets the number of the first frame that is not acknowledged.</summary>
    public long Oldest => _chunks.Count > 0 ? _chunks[0].First : _next - (_open?.Count ?? 0);

    public void Add(ReadOnlySequence<byte> frame, T token)
    {
        if (_open is not null && !_open.HasRoomFor(frame.Length))
        {
            Close();
        }

        _open ??= new ChunkBuilder<T>(_next, flow.MaxChunkBytes);
        _open.Add(frame, token);
        _next++;
    }

    /// <summary>Sends as many chunks as the bounds allow.</summary>
    /// <returns>The number of chunks that were sent again.</returns>
    public int Send(TimeSpan now, List<FrameChunk> outgoing)
    {
        int repeated = 0;
        int most = _isRecovering ? 1 : flow.MaxChunks;
        while (_inFlight < most)
        {
            if (_inFlight == _chunks.Count)
            {
                if (_open is null)
                {
                    break;
                }

                Close();
            }

            PendingChunk<T> chunk = _chunks[_inFlight];
            if (chunk.Sent == 0 && !claim.TryTake(chunk.Bytes.Length))
            {
                break;
            }

            repeated += chunk.Sent > 0 ? 1 : 0;
            chunk.Sent++;
            chunk.SentAt = now;
            _inFlight++;
            if (_inFlight == 1)
            {
                _deadline = now + flow.TimeoutOf(_roundTrip, _attempts);
            }

            outgoing.Add(new FrameChunk(source, partition, chunk.First, _chunks[0].First, chunk.Ends, chunk.Bytes));
        }

        return repeated;
    }

    /// <summary>Removes the chunks that the entity has acknowledged.</summary>
    /// <param name="next">The number of the next frame that the entity expects.</param>
    /// <param name="now">The time.</param>
    /// <param name="acknowledged">Receives the tokens.</param>
    public void Acknowledge(long next, TimeSpan now, List<T> acknowledged)
    {
        int count = 0;
        long bytes = 0;
        while (count < _chunks.Count && _chunks[count].Sent > 0 && _chunks[count].Next <= next)
        {
            acknowledged.AddRange(_chunks[count].Tokens);
            bytes += _chunks[count].Bytes.Length;
            count++;
        }

        if (count == 0)
        {
            return;
        }

        PendingChunk<T> last = _chunks[count - 1];
        if (last.Sent == 1)
        {
            // As in TCP, only a chunk that was sent once measures the round trip. Until such a chunk is acknowledged,
            // the timeout stays increased.
            TimeSpan sample = now - last.SentAt;
            _roundTrip = _roundTrip == TimeSpan.Zero ? sample : ((_roundTrip * (Smoothing - 1)) + sample) / Smoothing;
            _attempts = 0;
        }

        _chunks.RemoveRange(0, count);
        _inFlight = Math.Max(0, _inFlight - count);
        _isRecovering = false;
        _deadline = now + flow.TimeoutOf(_roundTrip, _attempts);
        claim.Release(bytes);
    }

    /// <summary>Restarts sending at the first unacknowledged chunk if the timeout has passed.</summary>
    public void OnTime(TimeSpan now)
    {
        if (_inFlight > 0 && now >= _deadline)
        {
            _inFlight = 0;
            _isRecovering = true;
            _attempts++;
        }
    }

    public void Dispose() => claim.Dispose();

    private void Close()
    {
        _chunks.Add(_open!.Close());
        _open = null;
    }
}
