using LogIngest.Reporting;
using LogIngest.Storing;
using LogIngest.Syslog;
using Zcrx.Actors;

namespace LogIngest.Batching;

/// <summary>
/// Holds the unstored messages of one writer. Some are in the batch that is being stored, and the others wait for the next batch.
/// </summary>
/// <remarks>The backlog outlives the actor that uses it, so a restart loses no message. Threading: one thread at a time.</remarks>
internal sealed class Backlog(Guid boot, int batchSize, bool acknowledges, IngestMetrics metrics, TimeProvider time)
{
    private readonly Dictionary<ActorSink, StreamState> _streams = [];
    private readonly Queue<Waiting> _waiting = new();
    private Waiting[] _taken = [];
    private ZcrxStream.Frame? _last;
    private long _number;

    /// <summary>Gets the batch that is being stored; null if there is none.</summary>
    public LogBatch? Current { get; private set; }

    /// <summary>Gets a value indicating whether the storer has the batch and has not reported an outcome.</summary>
    public bool IsStoring { get; private set; }

    /// <summary>Gets the number of messages that are not stored.</summary>
    public int Count => _taken.Length + _waiting.Count;

    public bool HasWaiting => _waiting.Count > 0;

    /// <summary>Gets a value indicating whether the waiting messages fill a batch.</summary>
    public bool IsFull => _waiting.Count >= batchSize;

    /// <summary>
    /// Adds a message. Acknowledges an empty message at once, because there is nothing to store. Ignores the last message if it is added
    /// again.
    /// </summary>
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

    /// <summary>Forgets a stream that has ended. Its unstored messages stay in the backlog.</summary>
    public void End(ActorSink stream) => _streams.Remove(stream);

    /// <summary>Moves waiting messages to the next batch.</summary>
    public void Take()
    {
        _taken = new Waiting[Math.Min(batchSize, _waiting.Count)];
        for (int index = 0; index < _taken.Length; index++)
        {
            _taken[index] = _waiting.Dequeue();
        }

        Current = new LogBatch(++_number, Array.ConvertAll(_taken, static waiting => waiting.Entry));
    }

    /// <summary>Records that the storer gets the batch, and returns the batch.</summary>
    public LogBatch BeginAttempt()
    {
        IsStoring = true;
        return Current!;
    }

    /// <summary>Records that an attempt to store the batch has failed.</summary>
    public void Fail()
    {
        IsStoring = false;
        Current = Current! with { FailedAttempts = Current.FailedAttempts + 1 };
    }

    /// <summary>
    /// Acknowledges the messages of the stored batch, so that their buffers return to the pool. Answers the senders if this is configured.
    /// </summary>
    public void Complete()
    {
        // Answers before it acknowledges, because a connection may close once its last message is acknowledged. The loop runs backwards, so
        // that each sender gets only the latest position.
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
        IsStoring = false;
    }

    private sealed record StreamState(LogStream Origin, StreamAcknowledger? Acknowledger);

    private readonly record struct Waiting(ZcrxStream.Frame Frame, LogEntry Entry, StreamAcknowledger? Acknowledger);
}
