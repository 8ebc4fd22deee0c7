using Akka.Actor;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Messages;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Queues;

/// <summary>Keeps one queue open, and restarts it after failures. Owns the suspended connections and the totals of the queue.</summary>
/// <remarks>
/// Its only child is the current <see cref="QueueIncarnation"/>. It publishes each change as a <see cref="QueueSnapshot"/>, which other
/// threads read, and notifies its parent.
/// </remarks>
internal sealed class QueueSupervisor : ReceiveActor, IWithTimers
{
    private readonly Published<QueueSnapshot> _published;
    private readonly TimeProvider _time;
    private readonly QueueReports _reports;
    private readonly Relocation _relocation = new();
    private readonly QueueOpener _opener;
    private readonly Incarnations _incarnations;
    private readonly RestartMachine _restart;
    private readonly Exception? _earlierFailure;
    private ZcrxOptions _options;
    private QueueSnapshot _now;
    private bool _isFallenBack;
    private bool _isReplaced;
    private bool _isStopping;

    /// <param name="published">
    /// The published state. After a restart of the supervisor it contains the state of the earlier supervisor.
    /// </param>
    /// <param name="options">The options of the actor tree.</param>
    /// <param name="group">The open queues, between which connections can move.</param>
    /// <param name="incoming">The queues that came from the predecessor of a takeover.</param>
    /// <param name="directory">Holds the open queues, and merges their streams.</param>
    /// <param name="outstanding">
    /// Collects work that continues after the end of this actor. The queue is opened after the work of an earlier supervisor has ended.
    /// </param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    /// <param name="earlierFailure">The failure of the earlier supervisor; null for the first one.</param>
    public QueueSupervisor(
        Published<QueueSnapshot> published,
        ZcrxOptions options,
        ZcrxQueueGroup group,
        IncomingQueues incoming,
        QueueDirectory directory,
        OutstandingWork outstanding,
        TimeProvider time,
        ILogger logger,
        Exception? earlierFailure)
    {
        (_published, _now, _options) = (published, published.Value, options);
        (_time, _earlierFailure) = (time, earlierFailure);
        _reports = new QueueReports(_now.Name, logger, Context.System.EventStream);
        _opener = new QueueOpener(_relocation.Suspended, group, incoming, options.Rebalancing, logger);
        _incarnations = new Incarnations(_now.Name, _opener, directory, outstanding, time, logger);
        _restart = new RestartMachine(options.Restart);
        if (_now.Current is not null)
        {
            _restart.Opened();
        }

        Receive<ZcrxCommand.RestartQueue>(OnRestartQueue, command => command.Queue == _now.Name && !Sender.Path.Address.HasGlobalScope);
        Receive<ZcrxCommand>(static command => Context.Parent.Forward(command));
        Receive<RemoteCommand>(static command => Context.Parent.Forward(command));
        Receive<QueueIncarnation.Opened>(message => OnOpened(message.Queue));
        Receive<QueueIncarnation.Failed>(message => _incarnations.End(message.Cause, Sender, Context));
        Receive<QueueIncarnation.Finished>(_ => _incarnations.End(null, Sender, Context));
        Receive<QueueIncarnation.Watched>(message => Change(_now with { Stuck = message.Stuck }));
        Receive<QueueIncarnation.Explained>(message => Change(_now with { Queued = message.Queued }));
        Receive<Terminated>(message => OnIncarnationEnded(message.ActorRef));
        Receive<Incarnations.Closed>(OnClosed);
        Receive<RestartDue>(_ =>
        {
            if (_now.State == QueueState.Restarting)
            {
                Open();
            }
        });
        Receive<QueueMessage.Peers>(OnPeers);
        Receive<QueueMessage.Reconfigure>(OnReconfigure);
        Receive<QueueMessage.Stop>(OnStop);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private string Name => _now.Name;

    /// <summary>Gets the options of the next opening. After a fallback they omit the NIC.</summary>
    private ZcrxQueueOptions OptionsToOpen => _isFallenBack
        ? _now.Options with { Interface = null, RxQueue = 0, Engine = _now.Options.Engine is ZcrxEngine.Emulated or ZcrxEngine.IoUring ? _now.Options.Engine : ZcrxEngine.Auto }
        : _now.Options;

    protected override void PreStart()
    {
        _incarnations.AwaitClosing(Context);
        if (_earlierFailure is not null)
        {
            OnFailed(_earlierFailure);
        }
        else
        {
            Open();
        }
    }

    /// <summary>
    /// Lets open queues close as outstanding work, for which the end of the actor tree waits. After a regular stop, no queue is open.
    /// </summary>
    protected override void PostStop()
    {
        _now = _now with { State = QueueState.Stopped, IsOpen = false };
        _published.Publish(_now);
        _reports.EndRestart(null);
        _relocation.End();
        _incarnations.Leave();
    }

    /// <summary>Returns a strategy that stops a failed incarnation and records its exception.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(
        exception =>
        {
            _incarnations.OnThrown(exception is ActorInitializationException { InnerException: { } inner } ? inner : exception);
            return Directive.Stop;
        },
        // OnFailed logs the failure together with the decision about a restart.
        loggingEnabled: false);

    /// <summary>
    /// Opens the queue as soon as the queue of the last incarnation is closed, because an RX queue can have only one owner.
    /// </summary>
    private void Open()
    {
        Timers.CancelAll();
        _isReplaced = false;
        Change(_now with { State = QueueState.Opening, RestartDelay = null });
        if (_incarnations.AreClosed)
        {
            Begin();
        }
    }

    private void Begin() => _incarnations.Begin(OptionsToOpen, _options.Watchdog, _reports.Cause, Context);

    private void OnOpened(ZcrxQueue queue)
    {
        if (!_incarnations.IsAlive || _now.State != QueueState.Opening)
        {
            return;
        }

        _restart.Opened();
        _opener.Join(queue, _now.Options);
        Change(_now.WithOpened(queue, _time.GetUtcNow()));
        _reports.Opened(queue.Engine);
        // The options may have changed while the queue was being opened with the old ones. The result is ignored, because the change was
        // already reported.
        _ = QueueOpener.ReconfigureAsync(_now.Options, queue);
        Relocate();
        _reports.AnswerAll(new ZcrxReply.Restarted(_now.ToStatus()));
    }

    private void OnIncarnationEnded(IActorRef actor)
    {
        bool isReplaced = _isReplaced && !_isStopping;
        if (_incarnations.OnTerminated(actor, isReplaced, Context) is not { } ended)
        {
            return;
        }

        _now = _now with { IsOpen = false, Stuck = null, Queued = null };
        if (_isStopping)
        {
            Change(_now with { LastError = ended.Failure ?? _now.LastError });
            _reports.Stopped();
        }
        else if (isReplaced && ended.Failure is null)
        {
            _reports.Replaced();
            Open();
        }
        else
        {
            OnFailed(ended.Failure ?? new ZcrxException($"Receiving on the queue {Name}", 0, "its actor was stopped from outside", ""));
        }
    }

    private void OnClosed(Incarnations.Closed message)
    {
        if (!_incarnations.OnClosed(message, keepsNext: !_isStopping, Context))
        {
            return;
        }

        if (_isStopping)
        {
            ConsiderStopped();
            return;
        }

        if (_now.State == QueueState.Opening)
        {
            Begin();
        }

        // Connections are suspended when their queue closes, so they can be relocated from now on.
        Relocate();
    }

    private void OnFailed(Exception cause)
    {
        RestartDecision decision = _restart.Failed(cause, _time.GetElapsedTime(0), Random.Shared.NextDouble());
        if (decision.Delay is { } delay)
        {
            _reports.BeginRestart("failure");
            if (delay > TimeSpan.Zero)
            {
                Timers.StartSingleTimer(nameof(RestartDue), new RestartDue(), delay);
            }
            else
            {
                // Uses no timer, because it would delay the restart until the next tick of the scheduler.
                Self.Tell(new RestartDue());
            }

            Change(_now with { State = QueueState.Restarting, RestartDelay = delay, LastError = cause });
            _reports.Restarting(delay, decision.Attempt, cause);
            return;
        }

        _now = _now with { LastError = cause };
        if (CanFallBack)
        {
            _isFallenBack = true;
            _restart.Reset();
            _reports.FellBack(cause);
            Open();
            return;
        }

        _reports.EndRestart(cause);
        Change(_now with { State = QueueState.Failed });
        _reports.Failed(cause, decision.Reason);
    }

    /// <summary>
    /// Gets a value indicating whether the queue can be opened without its NIC instead of being given up. The fallback must be configured,
    /// and must not be in use. The queue must have been open with its NIC before.
    /// </summary>
    private bool CanFallBack =>
        _options.Restart.WhenGivenUp == ZcrxEscalation.FallBack && !_isFallenBack && _now.Options.Interface is not null && _restart.HasOpened;

    private void OnRestartQueue(ZcrxCommand.RestartQueue command)
    {
        if (_isStopping)
        {
            Sender.Tell(StoppingReply());
            return;
        }

        _reports.RestartRequested();
        _reports.AnswerLater(Sender);
        _restart.Reset();
        _reports.BeginRestart("demand");
        _isFallenBack = false;
        switch (_now.State)
        {
            case QueueState.Restarting or QueueState.Failed:
                Open();
                break;
            case QueueState.Open or QueueState.Stopping:
                _isReplaced = true;
                Change(_now with { State = QueueState.Stopping });
                _incarnations.Replace(
                    command.RegisterAnew ? null : _now.Current, OptionsToOpen, command.Drain ?? _options.DrainTimeout, _reports.Cause);
                break;
            default:
                // The queue is already being opened.
                break;
        }
    }

    private void OnStop(QueueMessage.Stop message)
    {
        if (!_isStopping)
        {
            _isStopping = true;
            Timers.CancelAll();
            _relocation.End();
            _reports.AnswerAll(StoppingReply());
        }

        _reports.EndRestart(new OperationCanceledException("Zcrx is being stopped."));
        if (_now.State != QueueState.Stopped)
        {
            Change(_now with { State = QueueState.Stopping, RestartDelay = null });
        }

        _incarnations.Stop(message.Drain);
        ConsiderStopped();
    }

    private void ConsiderStopped()
    {
        if (_incarnations.AreClosed && _now.State != QueueState.Stopped)
        {
            Change(_now with { State = QueueState.Stopped });
        }
    }

    private void OnPeers(QueueMessage.Peers peers)
    {
        _relocation.SetOthers(peers.Open, peers.MayOpen);
        if (!_isStopping && _now.State != QueueState.Open)
        {
            Relocate();
        }
    }

    /// <summary>Resumes or ends the suspended connections. They stay suspended if no queue can resume them yet.</summary>
    private void Relocate() => _ = RelocateAsync(_now, _options.Restart);

    /// <summary>
    /// Relocates the connections, and reports the result itself, because the actor may have ended by then. The returned task never faults.
    /// </summary>
    private async Task RelocateAsync(QueueSnapshot now, ZcrxRestartOptions restart)
    {
        (IReadOnlyList<string> targets, int connections) = await _relocation.RunAsync(now, restart).ConfigureAwait(false);
        _reports.Resumed(targets, connections);
    }

    private void OnReconfigure(QueueMessage.Reconfigure message)
    {
        _options = message.All;
        _restart.Reconfigure(message.All.Restart);
        if (message.Queue is not { } options || options == _now.Options)
        {
            Sender.Tell(new QueueMessage.Reconfigured([], []));
            return;
        }

        Change(_now with { Options = options });
        _ = QueueOpener.ReconfigureAsync(options, _now.Ready).PipeTo(Sender, Self);
    }

    private void Change(QueueSnapshot now)
    {
        _now = now;
        _published.Publish(now);
        Context.Parent.Tell(new QueueMessage.Changed());
    }

    private static ZcrxReply.Failed StoppingReply() => new(ZcrxFailure.Stopping, null, "Zcrx is being stopped.");

    private sealed record RestartDue : ILocalMessage;
}
