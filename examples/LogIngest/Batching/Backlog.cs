using LogIngest.Reporting;
using LogIngest.Storing;
using LogIngest.Syslog;
using Zcrx.Actors;

namespace LogIngest.Batching;

/// <summary>Holds the messages of one writer that are not stored yet: one batch that is being stored, and those behind it.</summary>
/// <remarks>It outlives the actor that uses it, so that a restart loses nothing. One thread at a time.</remarks>
internal sealed class Backlog(Guid boot, int batchSize, bool acknowledges, IngestMetrics metrics, TimeProvider time)
{
    private readonly Dictionary<ActorSink, StreamState> _streams = [];
    private readonly Queue<Waiting> _waiting = new();
    private Waiting[] _taken = [];
    private ZcrxStream.Frame? _last;
    private long _number;

    /// <summary>Gets the batch that is being stored; null if there is none.</summary>
    public LogBatch? Current { get; private set; }

    public bool HasWaiting => _waiting.Count > 0;

    /// <summary>Gets a value indicating whether as many messages wait as a batch has.</summary>
    public bool IsFull => _waiting.Count >= batchSize;

    /// <summary>Adds a message. An empty one is acknowledged at once, since there is nothing to store. The same one again is ignored.</summary>
    public void Add(ZcrxStream.Frame frame)
    {
        if (frame == _last)
        {
            return;
        }

        _last = frame;
        if (frame.Length == 0)
        {
            frame.Acknowledge();
            return;
        }

        if (!_streams.TryGetValue(frame.Sink, out StreamState? stream))
        {
            LogStream origin = new(boot, frame.Connection.Id, frame.Connection.RemoteEndPoint?.Address.ToString() ?? "");
            stream = new StreamState(origin, acknowledges ? new StreamAcknowledger(frame.Connection) : null);
            _streams.Add(frame.Sink, stream);
        }

        metrics.CountReceived();
        LogEntry entry = new(stream.Origin, frame.StreamOffset, time.GetUtcNow().UtcDateTime, (MessageFlags)frame.Lease.Tag, frame.Sequence);
        _waiting.Enqueue(new Waiting(frame, entry, stream.Acknowledger));
    }

    /// <summary>Forgets a stream that has ended. Its messages stay.</summary>
    public void End(ActorSink stream) => _streams.Remove(stream);

    /// <summary>Begins the next batch.</summary>
    public LogBatch Take()
    {
        _taken = new Waiting[Math.Min(batchSize, _waiting.Count)];
        for (int index = 0; index < _taken.Length; index++)
        {
            _taken[index] = _waiting.Dequeue();
        }

        return Current = new LogBatch(++_number, Array.ConvertAll(_taken, static waiting => waiting.Entry));
    }

    /// <summary>Records that an attempt to store the batch has failed.</summary>
    public void Fail() => Current = Current! with { FailedAttempts = Current.FailedAttempts + 1 };

    /// <summary>Ends the batch: its buffers return to the pool, and senders get their answers if answers are on.</summary>
    public void Complete()
    {
        // First the answers: a connection stays open until its last message is acknowledged.
        for (int index = _taken.Length - 1; index >= 0; index--)
        {
            _taken[index].Acknowledger?.Stored(_taken[index].Frame.StreamOffset + _taken[index].Frame.Length);
        }

        foreach (Waiting stored in _taken)
        {
            stored.Frame.Acknowledge();
        }

        _taken = [];
        Current = null;
    }

    private sealed record StreamState(LogStream Origin, StreamAcknowledger? Acknowledger);

    private readonly record struct Waiting(ZcrxStream.Frame Frame, LogEntry Entry, StreamAcknowledger? Acknowledger);
}
