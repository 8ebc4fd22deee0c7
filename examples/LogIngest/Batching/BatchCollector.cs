using System.Diagnostics;
using Akka.Actor;
using LogIngest.Reporting;
using LogIngest.Settings;
using LogIngest.Storing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Zcrx.Actors;
using Zcrx.Rx;

namespace LogIngest.Batching;

/// <summary>
/// Collects the messages of a writer's connections in batches, and acknowledges a batch when it is stored.
/// </summary>
/// <remarks>
/// <para>Only its child, the <see cref="BatchStorer"/>, uses the store. If the store fails, the child throws and is restarted. After a
/// delay it gets the same batch again. When the windows of the connections are full, the senders wait.</para>
/// <para>The child has at most one batch. The batch's buffers are in use until the child has reported.</para>
/// </remarks>
internal sealed partial class BatchCollector : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan MaxRetryDelay = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MinRetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly int _writer;
    private readonly Backlog _backlog;
    private readonly ILogStores _stores;
    private readonly LogIngestOptions _options;
    private readonly IngestMetrics _metrics;
    private readonly StoreCondition _condition;
    private readonly ILogger<BatchCollector> _logger;
    private IActorRef _storer = ActorRefs.Nobody;
    private bool _isDelayOver;

    public BatchCollector(
        int writer, Backlog backlog, ILogStores stores, IOptions<LogIngestOptions> options, IngestMetrics metrics, StoreCondition condition, ILogger<BatchCollector> logger)
    {
        _writer = writer;
        _backlog = backlog;
        _stores = stores;
        _options = options.Value;
        _metrics = metrics;
        _condition = condition;
        _logger = logger;
        Receive<ZcrxStream.Init>(static init => init.Acknowledge());
        Receive<ZcrxStream.Frame>(OnFrame);
        Receive<ZcrxStream.Completed>(completed => OnStreamEnded(completed.Sink));
        Receive<ZcrxStream.Failed>(OnStreamFailed);
        Receive<DelayOver>(_ => OnDelayOver());
        Receive<Retry>(OnRetry);
        Receive<BatchStorer.Stored>(OnStored);
        Receive<BatchStorer.Failed>(OnFailed);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        // After a restart of this actor the child still exists. An attempt in progress continues, and its report arrives here.
        _storer = Context.Child("storer");
        if (_storer.IsNobody())
        {
            _storer = Context.ActorOf(Props.Create(() => new BatchStorer(_writer, _stores)), "storer");
        }

        if (_backlog.Current is not null)
        {
            // Stores the current batch again at once, because the restart has cancelled the timer of the next attempt.
            Store();
        }
        else if (_backlog.HasWaiting)
        {
            OnDelayOver();
        }
    }

    // Applies the message on which this actor failed, because neither Akka nor a sender repeats it. The base method is not called, because
    // it would stop the child.
    protected override void PreRestart(Exception reason, object message)
    {
        switch (message)
        {
            case ZcrxStream.Init init:
                init.Acknowledge();
                break;
            case ZcrxStream.Frame frame:
                _backlog.Add(frame);
                break;
            case ZcrxStream.Completed or ZcrxStream.Failed:
                _backlog.End(((ZcrxStream)message).Sink);
                break;
            case BatchStorer.Stored or BatchStorer.Failed:
                Self.Tell(message);
                break;
        }
    }

    // Not called at a restart. The backlog ends with this actor, and Zcrx resets the connections of unacknowledged messages.
    protected override void PostStop()
    {
        if (_backlog.Count > 0)
        {
            _metrics.CountLost(_backlog.Count);
            Lost(_logger, _writer, _backlog.Count);
        }
    }

    // The store may fail any number of times, so the child is always restarted.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(static _ => Directive.Restart, loggingEnabled: false);

    private void OnFrame(ZcrxStream.Frame frame)
    {
        bool wasEmpty = !_backlog.HasWaiting;
        _backlog.Add(frame);
        if (wasEmpty && _backlog.HasWaiting)
        {
            _isDelayOver = false;
            Timers.StartSingleTimer(DelayOver.Instance, DelayOver.Instance, _options.BatchDelay);
        }

        StoreNext();
    }

    private void OnStreamFailed(ZcrxStream.Failed failed)
    {
        // Error number 0 without an inner exception means that this side has ended the connection, for example at a stop.
        if (failed.Cause is not ZcrxStreamException { ErrorNumber: 0, InnerException: null })
        {
            _metrics.CountBrokenConnection();
            Broken(_logger, failed.Cause.Message);
        }

        OnStreamEnded(failed.Sink);
    }

    // Stores the waiting messages without further delay. The connection stays open until its last message is stored, and a stop of the
    // service waits for that.
    private void OnStreamEnded(ActorSink stream)
    {
        _backlog.End(stream);
        OnDelayOver();
    }

    private void OnDelayOver()
    {
        _isDelayOver = true;
        StoreNext();
    }

    private void OnStored(BatchStorer.Stored stored)
    {
        if (stored.Number != _backlog.Current?.Number)
        {
            // The report was handled before. This actor failed after that, and PreRestart sent the report again.
            return;
        }

        Timers.Cancel(Retry.Key);
        _metrics.CountBatch(_backlog.Current.Entries.Count, stored.Invalid, Stopwatch.GetElapsedTime(stored.Began));
        if (_backlog.Current.FailedAttempts > 0)
        {
            Recovered(_logger, _writer, _backlog.Current.FailedAttempts);
        }

        _condition.Succeeded(_writer);
        _backlog.Complete();
        // The store is idle, so waiting messages are stored without further delay.
        _isDelayOver = true;
        StoreNext();
    }

    private void OnFailed(BatchStorer.Failed failed)
    {
        if (failed.Number != _backlog.Current?.Number || !_backlog.IsStoring)
        {
            return;
        }

        _backlog.Fail();
        _metrics.CountFailedBatch();
        _condition.Failed(_writer, failed.Reason);
        int attempts = _backlog.Current.FailedAttempts;
        TimeSpan delay = TimeSpan.FromTicks(Math.Min(MaxRetryDelay.Ticks, MinRetryDelay.Ticks << Math.Min(attempts - 1, 10)));
        if (attempts == 1)
        {
            Failing(_logger, _writer, _backlog.Current.Entries.Count, failed.Reason);
        }

        Timers.StartSingleTimer(Retry.Key, new Retry(failed.Number), delay);
    }

    private void OnRetry(Retry retry)
    {
        if (retry.Number == _backlog.Current?.Number)
        {
            Store();
        }
    }

    private void StoreNext()
    {
        if (_backlog.Current is null && (_backlog.IsFull || (_isDelayOver && _backlog.HasWaiting)))
        {
            Timers.Cancel(DelayOver.Instance);
            _backlog.Take();
            Store();
        }
    }

    // The storer must not get a batch twice, because it could read the batch again after the buffers were released.
    private void Store()
    {
        if (!_backlog.IsStoring)
        {
            _storer.Tell(_backlog.BeginAttempt());
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Writer {Writer} could not store {Messages} messages, and retries: {Reason}")]
    private static partial void Failing(ILogger logger, int writer, int messages, string reason);

    [LoggerMessage(2, LogLevel.Information, "Writer {Writer} stores again after {Attempts} failed attempts.")]
    private static partial void Recovered(ILogger logger, int writer, int attempts);

    [LoggerMessage(3, LogLevel.Information, "A connection broke: {Reason}")]
    private static partial void Broken(ILogger logger, string reason);

    [LoggerMessage(4, LogLevel.Error, "Writer {Writer} has ended: {Messages} received messages are not stored. Their senders see a reset.")]
    private static partial void Lost(ILogger logger, int writer, int messages);

    private sealed class DelayOver
    {
        public static DelayOver Instance { get; } = new();
    }

    private sealed record Retry(long Number)
    {
        public const string Key = "retry";
    }
}
