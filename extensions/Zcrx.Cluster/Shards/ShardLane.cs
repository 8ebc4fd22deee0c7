using System.Buffers;

namespace Zcrx.Cluster.Shards;

/// <summary>Holds the unacknowledged frames of one connection to one partition. Decides when each chunk is sent.</summary>
/// <remarks>
/// Chunks are sent in order. After a timeout, the first unacknowledged chunk is sent again. The others follow after the next
/// acknowledgement. An entity that is slow or moving to another node thus gets one chunk twice and not all of them.
/// </remarks>
/// <param name="source">The identity of the stream that sends the frames.</param>
/// <param name="partition">The partition.</param>
/// <param name="flow">The limits.</param>
/// <param name="claim">The claim of this connection on the budget of the shard.</param>
internal sealed class ShardLane<T>(Guid source, int partition, ShardFlow flow, ShardClaim claim) : IDisposable
{
    private const int Smoothing = 8;

    // The closed chunks, in the order of sending. The first _inFlight of them are in flight.
    private readonly List<PendingChunk<T>> _chunks = [];
    private ChunkBuilder<T>? _open;
    private long _next;
    private int _inFlight;
    private bool _isRecovering;
    private int _attempts;
    private TimeSpan _deadline;
    private TimeSpan _roundTrip;

    public bool IsEmpty => _chunks.Count == 0 && _open is null;

    /// <summary>Gets the number of chunks in flight. These were sent, and are neither acknowledged nor timed out.</summary>
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

    /// <summary>Sends as many chunks as the limits allow.</summary>
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
    /// <param name="now">The current time.</param>
    /// <param name="acknowledged">The list to which the tokens of acknowledged frames are added.</param>
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
            // As in TCP, a chunk measures the round trip only if it was sent once. The timeout stays increased until such a chunk is
            // acknowledged.
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

    /// <summary>After the timeout, makes <see cref="Send"/> start again at the first unacknowledged chunk.</summary>
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
