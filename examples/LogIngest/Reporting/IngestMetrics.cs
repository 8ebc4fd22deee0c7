using System.Diagnostics.Metrics;
using LogIngest.Storing;

namespace LogIngest.Reporting;

/// <summary>Counts messages and batches. The counts are instruments of the meter <c>LogIngest</c> and part of the status.</summary>
/// <remarks>Threading: all members are safe to call from any thread.</remarks>
internal sealed class IngestMetrics : IDisposable
{
    public const string MeterName = "LogIngest";

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _flaggedByFlag;
    private readonly Histogram<int> _batchSize;
    private readonly Histogram<double> _batchDuration;
    private long _received;
    private long _stored;
    private long _flagged;
    private long _refused;
    private long _lost;
    private long _batches;
    private long _failedBatches;
    private long _brokenConnections;
    private long _waiting;

    public IngestMetrics()
    {
        _meter.CreateObservableCounter("log_ingest.message.received", () => Received, "{message}", "Messages that have arrived.");
        _meter.CreateObservableCounter("log_ingest.message.stored", () => Stored, "{message}", "Messages that are stored.");
        _meter.CreateObservableCounter("log_ingest.message.refused", () => Refused, "{message}", "Messages that were refused because they are not valid.");
        _meter.CreateObservableCounter("log_ingest.message.lost", () => Lost, "{message}", "Messages that were waiting when their writer ended.");
        _meter.CreateObservableUpDownCounter("log_ingest.message.waiting", () => Waiting, "{message}", "Messages that have arrived and are not stored yet.");
        _meter.CreateObservableCounter("log_ingest.batch.failed", () => FailedBatches, "{attempt}", "Failed attempts to store a batch.");
        _meter.CreateObservableCounter("log_ingest.connection.broken", () => BrokenConnections, "{connection}", "Connections that ended with an error.");
        _flaggedByFlag = _meter.CreateCounter<long>("log_ingest.message.flagged", "{message}", "Stored or refused messages with a flag, by flag.");
        _batchSize = _meter.CreateHistogram<int>("log_ingest.batch.size", "{message}", "Messages of a stored batch.");
        _batchDuration = _meter.CreateHistogram<double>("log_ingest.batch.duration", "s", "Time to store a batch.");
    }

    public long Received => Volatile.Read(ref _received);

    public long Stored => Volatile.Read(ref _stored);

    public long Flagged => Volatile.Read(ref _flagged);

    public long Refused => Volatile.Read(ref _refused);

    public long Lost => Volatile.Read(ref _lost);

    public long Batches => Volatile.Read(ref _batches);

    public long FailedBatches => Volatile.Read(ref _failedBatches);

    public long BrokenConnections => Volatile.Read(ref _brokenConnections);

    public long Waiting => Volatile.Read(ref _waiting);

    public void CountReceived()
    {
        Interlocked.Increment(ref _received);
        Interlocked.Increment(ref _waiting);
    }

    /// <summary>Counts a stored batch.</summary>
    /// <param name="messages">The number of its messages, including refused ones.</param>
    /// <param name="invalid">The counts of its invalid messages, from the attempt that stored it.</param>
    /// <param name="duration">The time of the last attempt.</param>
    public void CountBatch(int messages, InvalidMessages invalid, TimeSpan duration)
    {
        Interlocked.Add(ref _stored, messages - invalid.Refused);
        Interlocked.Add(ref _refused, invalid.Refused);
        Interlocked.Add(ref _flagged, invalid.Flagged);
        foreach ((Syslog.MessageFlags flag, long count) in invalid.ByFlag)
        {
            _flaggedByFlag.Add(count, KeyValuePair.Create<string, object?>("flag", flag.ToString()));
        }

        Interlocked.Increment(ref _batches);
        _batchSize.Record(messages);
        _batchDuration.Record(duration.TotalSeconds);
        // This count changes last. A message that no longer waits is therefore already counted as stored or refused.
        Interlocked.Add(ref _waiting, -messages);
    }

    /// <summary>Counts messages that are lost, because their writer ended before it stored them.</summary>
    public void CountLost(int messages)
    {
        Interlocked.Add(ref _lost, messages);
        Interlocked.Add(ref _waiting, -messages);
    }

    public void CountFailedBatch() => Interlocked.Increment(ref _failedBatches);

    public void CountBrokenConnection() => Interlocked.Increment(ref _brokenConnections);

    public void Dispose() => _meter.Dispose();
}
