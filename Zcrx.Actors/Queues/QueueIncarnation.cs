using System.Reactive.Disposables;
using System.Reactive.Linq;
using Akka.Actor;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Logging;
using Zcrx.Actors.Messages;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Queues;

/// <summary>
/// Represents a queue from one opening to its end. Publishes the events of the queue, and reports its end to the
/// <see cref="QueueSupervisor"/>.
/// </summary>
/// <remarks>The supervisor opens and closes the queue, and decides about restarts. A failure of the queue arrives as a message.</remarks>
internal sealed class QueueIncarnation : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan AbandonRetry = TimeSpan.FromMilliseconds(500);

    private readonly string _name;
    private readonly Task<ZcrxQueue> _opening;
    private readonly QueueDirectory _directory;
    private readonly ZcrxWatchdogOptions _watchdogOptions;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly FaultLog _faults;
    private readonly CompositeDisposable _subscriptions = [];
    private ZcrxQueue? _queue;
    private QueueWatchdog? _watchdog;
    private bool _isStopping;
    private bool _isExplained;
    private TimeSpan _abandonAt = TimeSpan.MaxValue;

    public QueueIncarnation(string name, Task<ZcrxQueue> opening, QueueDirectory directory, ZcrxWatchdogOptions watchdog, TimeProvider time, ILogger logger)
    {
        _name = name;
        _opening = opening;
        _directory = directory;
        _watchdogOptions = watchdog;
        _time = time;
        _logger = logger;
        _faults = new FaultLog($"queue {name}", logger, TimeProvider.System);
        Receive<Opened>(message => OnOpened(message.Queue));
        Receive<Ended>(message => OnEnded(message.Cause));
        Receive<Stop>(OnStop);
        Receive<Quiet>(_ => Context.Parent.Tell(new Finished()));
        Receive<Happened>(message => OnHappened(message.What));
        Receive<Look>(_ => OnLook());
        Receive<AbandonDue>(_ => OnAbandonDue());
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() =>
        _ = _opening.PipeTo(Self, success: static queue => new Opened(queue), failure: static cause => new Ended(Unwrap(cause)));

    protected override void PostStop()
    {
        _subscriptions.Dispose();
        _faults.Close();
        if (_queue is not null)
        {
            _directory.Remove(_queue);
        }
    }

    private void OnOpened(ZcrxQueue queue)
    {
        if (_isStopping)
        {
            // A stop was requested during the opening. The supervisor closes the queue when this actor has ended.
            Finish();
            return;
        }

        _queue = queue;
        IActorRef self = Self;
        Forward(queue.Pressure.SkipWhile(static pressure => pressure.Level == PoolPressureLevel.Normal));
        Forward(queue.Notifications);
        Forward(queue.ConsumerFaults);
        Forward(queue.UnobservedErrors);
        Forward(queue.LimitsReached);
        Forward(queue.ReceiveStalls);
        Forward(queue.Growth);
        _ = WatchAsync(queue).PipeTo(self, failure: static cause => new Ended(Unwrap(cause)));
        _directory.Add(queue);
        _watchdog = new QueueWatchdog(queue, _watchdogOptions, _time, _logger, Context.System.EventStream);
        Timers.StartPeriodicTimer(nameof(Look), new Look(), QueueWatchdog.IntervalFor(_watchdogOptions));
        Context.Parent.Tell(new Opened(queue));

        void Forward<T>(IObservable<T> events)
            where T : class => _subscriptions.Add(events.Subscribe(happened => self.Tell(new Happened(happened))));
    }

    private void OnEnded(Exception? cause)
    {
        if (_isStopping)
        {
            ReportStop();
            Finish();
            return;
        }

        Context.Parent.Tell(new Failed(cause ?? new ZcrxException($"Receiving on the queue {_name}", 0, "the application closed the queue", "")));
    }

    private void OnStop(Stop message)
    {
        _isStopping = true;
        if (_queue is not null)
        {
            // The task is ignored, because the end of the queue arrives as the message Ended. A repeated Stop can shorten the time.
            _ = message.SuspendsConnections ? SuspendAsync(_queue, message.Drain, message.Takeover) : _queue.StopAsync(message.Drain);
            ScheduleAbandonment(message.Drain + _watchdogOptions.AbandonAfter);
        }
    }

    /// <summary>
    /// Logs how many connections the stop has reset, and how many bytes it has discarded. The counters are final, because the queue has
    /// ended.
    /// </summary>
    private void ReportStop()
    {
        if (_queue?.Snapshot() is { } last)
        {
            if (last.ConnectionsUnfinished > 0)
            {
                ZcrxLog.UnfinishedReset(_logger, _name, last.ConnectionsUnfinished);
            }

            if (last.DiscardedBytes > 0)
            {
                ZcrxLog.BytesDiscarded(_logger, _name, last.DiscardedBytes);
            }
        }
    }

    /// <summary>
    /// Schedules the time at which a stuck ring thread is abandoned, because it would never end by itself. A later call can only shorten
    /// the time.
    /// </summary>
    private void ScheduleAbandonment(TimeSpan delay)
    {
        TimeSpan at = _time.GetElapsedTime(0) + delay;
        if (at < _abandonAt)
        {
            _abandonAt = at;
            Timers.StartSingleTimer(nameof(AbandonDue), new AbandonDue(), delay);
        }
    }

    private void OnLook()
    {
        if (_watchdog!.Check(out StuckQueue? stuck))
        {
            Context.Parent.Tell(new Watched(stuck));
        }
    }

    private void OnAbandonDue()
    {
        // A thread that is not stuck may get stuck before it has drained the queue. So the check is repeated.
        if (!_watchdog!.TryAbandon())
        {
            Timers.StartSingleTimer(nameof(AbandonDue), new AbandonDue(), AbandonRetry);
        }
    }

    /// <summary>
    /// Reports <see cref="Finished"/> after the events that are in the mailbox now, so that no event is lost. The queue has ended, so no
    /// event follows.
    /// </summary>
    private void Finish()
    {
        _subscriptions.Dispose();
        Self.Tell(new Quiet());
    }

    private static async Task SuspendAsync(ZcrxQueue queue, TimeSpan drain, Task<ZcrxQueue?>? takeover)
    {
        // The queue that continues the registration can read the memory of this queue. So nothing needs to be drained.
        bool isTakenOver = takeover is not null && await takeover.ConfigureAwait(false) is not null;
        await queue.SuspendAsync(isTakenOver ? TimeSpan.Zero : drain).ConfigureAwait(false);
    }

    private void OnHappened(object what)
    {
        switch (what)
        {
            case PoolPressure pressure:
                OnPressure(pressure);
                break;
            case ZcrxNotification notification:
                ZcrxLog.Notified(_logger, notification.Queue, notification.Type);
                Publish(new ZcrxEvent.NotificationReceived(notification));
                break;
            case PoolGrowth growth:
                OnGrowth(growth);
                break;
            case LimitReached report:
                OnLimitReached(report);
                break;
            case ReceiveStall stall:
                OnStall(stall);
                break;
            case UnobservedError failed:
                _faults.Unobserved(_name, failed.Connection.Id, failed.Error);
                Publish(new ZcrxEvent.StreamFailedUnobserved(_name, failed.Connection.Id, failed.Error));
                break;
            case ConsumerFault fault:
                if (fault.Exception is ZcrxFramingException framing)
                {
                    // The consumer is not at fault: the peer sent invalid bytes, which any program can do.
                    _faults.FramingRefused(_name, fault.Connection?.Id, framing);
                }
                else
                {
                    _faults.Faulted(_name, fault.Connection?.Id, fault.Exception);
                }

                Publish(new ZcrxEvent.ConsumerFaulted(_name, fault.Connection?.Id, fault.Exception));
                break;
            default:
                break;
        }
    }

    private void OnPressure(PoolPressure pressure)
    {
        if (pressure.Level == PoolPressureLevel.Exhausted)
        {
            ZcrxLog.PoolExhausted(_logger, pressure.Queue, pressure.BuffersOut, pressure.Buffers, pressure.PausedConnections);
            Explain(pressure);
        }
        else
        {
            if (pressure.Level == PoolPressureLevel.Normal && _isExplained)
            {
                _isExplained = false;
                Context.Parent.Tell(new Explained(null));
            }

            ZcrxLog.PoolLevel(_logger, pressure.Queue, pressure.Level, pressure.BuffersOut, pressure.Buffers, pressure.PausedConnections);
        }

        Publish(new ZcrxEvent.PressureChanged(pressure));
    }

    /// <summary>
    /// Reports that operators hold most of the exhausted pool, because their bounds are too large for it. Reports this again only after
    /// the pool has been back at its normal level.
    /// </summary>
    private void Explain(PoolPressure pressure)
    {
        if (_isExplained || pressure.Queued is not { } queued)
        {
            return;
        }

        _isExplained = true;
        ZcrxLog.OperatorsHoldPool(
            _logger, pressure.Queue, queued.Buffers, pressure.BuffersOut, queued.Queues, queued.BoundName, queued.Allowed, pressure.Buffers, queued.BoundFor(pressure.Buffers));
        Context.Parent.Tell(new Explained(queued));
    }

    private void OnGrowth(PoolGrowth growth)
    {
        if (growth.Error is { } error)
        {
            ZcrxLog.PoolCannotGrow(_logger, growth.Queue, growth.Buffers, error);
        }
        else
        {
            ZcrxLog.PoolGrew(_logger, growth.Queue, growth.Buffers);
        }

        Publish(new ZcrxEvent.PoolGrew(growth));
    }

    private void OnLimitReached(LimitReached report)
    {
        string owner = report.Listener is { } listener ? $"listener {listener}" : $"queue {report.Queue}";
        switch (report.Limit)
        {
            case ZcrxLimit.Descriptors when report.Count == 0:
                ZcrxLog.AcceptingResumed(_logger, report.Queue, report.Reason);
                break;
            case ZcrxLimit.Descriptors:
                ZcrxLog.AcceptingStopped(_logger, report.Queue, report.Reason);
                break;
            case ZcrxLimit.MaxConnections or ZcrxLimit.CopiedFrameBytes:
                ZcrxLog.LimitReached(_logger, report.Limit, owner, report.Count, report.RemoteEndPoint, report.Reason);
                break;
            default:
                ZcrxLog.PeersLimited(_logger, report.Limit, owner, report.Count, report.RemoteEndPoint, report.Reason);
                break;
        }

        Publish(new ZcrxEvent.LimitActed(report));
    }

    private void OnStall(ReceiveStall stall)
    {
        if (stall.IsOver)
        {
            ZcrxLog.ReceiveStallEnded(_logger, stall.Connection.Id, stall.Queue, stall.Duration);
        }
        else
        {
            ZcrxLog.ReceiveStalled(_logger, stall.Connection.Id, stall.Queue, stall.StreamOffset, stall.BytesWaiting, stall.Duration);
        }

        Publish(new ZcrxEvent.ReceiveStalled(stall));
    }

    private static void Publish(ZcrxEvent happened) => Context.System.EventStream.Publish(happened);

    private static async Task<Ended> WatchAsync(ZcrxQueue queue)
    {
        await queue.Completion.ConfigureAwait(false);
        return new Ended(null);
    }

    private static Exception Unwrap(Exception exception) =>
        exception is AggregateException { InnerExceptions: [var inner] } ? inner : exception;

    /// <summary>Tells the actor to deliver received bytes, to end the queue, and to report <see cref="Finished"/>.</summary>
    /// <param name="Drain">The time limit for the delivery of received bytes.</param>
    /// <param name="SuspendsConnections">True to suspend the connections until the next incarnation. False to close them.</param>
    /// <param name="Takeover">The task that opens the queue which continues the registration; null if no queue continues it.</param>
    public sealed record Stop(TimeSpan Drain, bool SuspendsConnections = false, Task<ZcrxQueue?>? Takeover = null) : ILocalMessage;

    /// <summary>Reports to the supervisor that the queue is open.</summary>
    public sealed record Opened(ZcrxQueue Queue) : ILocalMessage;

    /// <summary>Reports to the supervisor that the queue could not be opened, or has ended without a request.</summary>
    public sealed record Failed(Exception Cause) : ILocalMessage;

    /// <summary>
    /// Reports to the supervisor that the stopping queue has ended or was never open. The supervisor then stops the actor, and sends it no
    /// further message.
    /// </summary>
    public sealed record Finished : ILocalMessage;

    /// <summary>Reports to the supervisor that the ring thread is stuck or is no longer stuck.</summary>
    /// <param name="Stuck">Where and since when the thread is stuck; null if it is no longer stuck.</param>
    public sealed record Watched(StuckQueue? Stuck) : ILocalMessage;

    /// <summary>
    /// Reports to the supervisor that operators hold most of an exhausted pool, or that the pool is back at its normal level.
    /// </summary>
    /// <param name="Queued">The buffers that the operators hold; null if the pool is back at its normal level.</param>
    public sealed record Explained(QueuedBuffers? Queued) : ILocalMessage;

    private sealed record Look : ILocalMessage;

    private sealed record AbandonDue : ILocalMessage;

    private sealed record Ended(Exception? Cause) : ILocalMessage;

    private sealed record Quiet : ILocalMessage;

    private sealed record Happened(object What) : ILocalMessage;
}
