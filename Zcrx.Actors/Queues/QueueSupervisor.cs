using Akka.Actor;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Messages;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Queues;

/// <summary>Keeps one queue open: owns its restart policy, its suspended connections, its totals and the takeover of its registration.</summary>
/// <remarks>
/// It has one child, the present <see cref="QueueIncarnation"/>, and outlives all of them. Other threads read what it publishes as a <see cref="QueueSnapshot"/>;
/// its parent receives a message after every change. A change is published before it is announced.
/// </remarks>
internal sealed class QueueSupervisor : ReceiveActor, IWithTimers
{
    private static readonly Task<ZcrxQueue?> Nothing = Task.FromResult<ZcrxQueue?>(null);

    private readonly Published<QueueSnapshot> _published;
    private readonly QueueDirectory _directory;
    private readonly OutstandingWork _outstanding;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly QueueReports _reports;
    private readonly SuspendedConnections _suspended = new();
    private readonly QueueOpener _opener;
    private readonly RestartMachine _restart;
    private readonly Exception? _earlierFailure;
    private ZcrxOptions _options;
    private QueueSnapshot _now;
    private Incarnation? _incarnation;
    private Task<ZcrxQueue?> _closing;
    private bool _isClosed;
    private ZcrxQueue? _next;
    private ZcrxQueueOptions? _registeredWith;
    private bool _isFallenBack;
    private bool _isReplaced;
    private bool _isStopping;

    /// <param name="published">Where the state is published. It holds the state of an earlier supervisor of the queue, if there was one.</param>
    /// <param name="options">The options of the tree.</param>
    /// <param name="group">The open queues, which share their connections.</param>
    /// <param name="inherited">The queues that came from another process.</param>
    /// <param name="directory">The open queues as streams.</param>
    /// <param name="outstanding">Collects work that this actor leaves behind. What an earlier supervisor left is awaited before the queue is opened.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    /// <param name="earlierFailure">The failure of the earlier supervisor; null for the first one.</param>
    public QueueSupervisor(
        Published<QueueSnapshot> published,
        ZcrxOptions options,
        ZcrxQueueGroup group,
        IncomingQueues inherited,
        QueueDirectory directory,
        OutstandingWork outstanding,
        TimeProvider time,
        ILogger logger,
        Exception? earlierFailure)
    {
        (_published, _now, _options) = (published, published.Value, options);
        (_directory, _outstanding, _time, _logger, _earlierFailure) = (directory, outstanding, time, logger, earlierFailure);
        _reports = new QueueReports(_now.Name, logger, Context.System.EventStream);
        _opener = new QueueOpener(_suspended.Suspended, group, inherited, options.Rebalancing, logger);
        _restart = new RestartMachine(options.Restart);
        if (_now.Current is not null)
        {
            _restart.Opened();
        }

        // What an earlier supervisor of the queue has left open.
        _closing = QueueOpener.CloseAsync(outstanding.WhenDone());
        Receive<ZcrxCommand.RestartQueue>(OnRestartQueue, command => command.Queue == _now.Name && !Sender.Path.Address.HasGlobalScope);
        Receive<ZcrxCommand>(static command => Context.Parent.Forward(command));
        Receive<RemoteCommand>(static command => Context.Parent.Forward(command));
        Receive<QueueIncarnation.Opened>(message => OnOpened(message.Queue));
        Receive<QueueIncarnation.Failed>(message => _incarnation?.End(message.Cause, Sender, Context));
        Receive<QueueIncarnation.Finished>(_ => _incarnation?.End(null, Sender, Context));
        Receive<Terminated>(message => OnIncarnationEnded(message.ActorRef));
        Receive<Closed>(message => OnClosed(message.Next));
        Receive<RestartDue>(_ =>
        {
            if (_now.State == QueueState.Restarting)
            {
                Open();
            }
        });
        Receive<QueuePeers>(OnPeers);
        Receive<ReconfigureQueue>(OnReconfigure);
        Receive<Stop>(OnStop);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private string Name => _now.Name;

    /// <summary>Gets the options of the next opening: as configured, or without the NIC.</summary>
    private ZcrxQueueOptions OptionsToOpen => _isFallenBack
        ? _now.Options with { Interface = null, RxQueue = 0, Engine = _now.Options.Engine == ZcrxEngine.Emulated ? ZcrxEngine.Emulated : ZcrxEngine.Auto }
        : _now.Options;

    protected override void PreStart()
    {
        AwaitClosing();
        if (_earlierFailure is not null)
        {
            OnFailed(_earlierFailure);
        }
        else
        {
            Open();
        }
    }

    /// <summary>Leaves what is still open to the outstanding work, for which the end of the tree waits. After a stop nothing is open.</summary>
    protected override void PostStop()
    {
        _now = _now with { State = QueueState.Stopped, IsOpen = false };
        _published.Publish(_now);
        _reports.EndRestart(null);
        _suspended.End();
        _outstanding.Add(_incarnation?.CloseAsync(keepsNext: false) ?? Nothing);
        _outstanding.Add(QueueOpener.DropAsync(_closing, _next));
    }

    /// <summary>Stops an incarnation that fails, and records why.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(
        exception =>
        {
            _incarnation?.Failure = exception is ActorInitializationException { InnerException: { } inner } ? inner : exception;
            return Directive.Stop;
        },
        // Logged where it is decided what follows.
        loggingEnabled: false);

    /// <summary>Opens the queue as soon as the last incarnation's is closed: an RX queue has one owner.</summary>
    private void Open()
    {
        Timers.CancelAll();
        _isReplaced = false;
        Change(_now with { State = QueueState.Opening, RestartDelay = null });
        if (_incarnation is null && _isClosed)
        {
            Begin();
        }
    }

    private void Begin()
    {
        Task<ZcrxQueue> opening;
        if (_next is { } next)
        {
            _next = null;
            opening = Task.FromResult(next);
        }
        else
        {
            _registeredWith = OptionsToOpen;
            opening = _opener.OpenAsync(_registeredWith, _reports.Cause);
        }

        Props props = Props.Create(() => new QueueIncarnation(Name, opening, _directory, _logger)).WithDeploy(Deploy.Local).WithDispatcher(Context.Props.Dispatcher);
        _incarnation = new Incarnation(Context.Watch(Context.ActorOf(props, "incarnation")), opening);
        _isClosed = false;
    }

    private void OnOpened(ZcrxQueue queue)
    {
        if (_incarnation is not { IsAlive: true } || _now.State != QueueState.Opening)
        {
            return;
        }

        _restart.Opened();
        _opener.Join(queue, _now.Options);
        Change(_now.WithOpened(queue, _time.GetUtcNow()));
        _reports.Opened(queue.Engine);
        // Its options may have changed while it was opened with the old ones. Cannot fail; the change was reported when it was made.
        _ = QueueOpener.ReconfigureAsync(_now.Options, queue);
        Relocate();
        _reports.AnswerAll(new ZcrxReply.Restarted(_now.ToStatus()));
    }

    private void OnIncarnationEnded(IActorRef actor)
    {
        if (_incarnation is not { } ended || !ended.Actor.Equals(actor))
        {
            return;
        }

        bool isReplaced = _isReplaced && ended.Failure is null && !_isStopping;
        _incarnation = null;
        _closing = ended.CloseAsync(keepsNext: isReplaced);
        AwaitClosing();
        _now = _now with { IsOpen = false };
        if (_isStopping)
        {
            Change(_now with { LastError = ended.Failure ?? _now.LastError });
            _reports.Stopped();
        }
        else if (isReplaced)
        {
            _reports.Replaced();
            Open();
        }
        else
        {
            OnFailed(ended.Failure ?? new ZcrxException($"Receiving on the queue {Name}", 0, "its actor was stopped by somebody else", ""));
        }
    }

    private void AwaitClosing()
    {
        _isClosed = false;
        _ = _closing.PipeTo(Self, success: static next => new Closed(next), failure: static _ => new Closed(null));
    }

    private void OnClosed(ZcrxQueue? next)
    {
        if (_isStopping && next is not null)
        {
            _closing = QueueOpener.DropAsync(_closing, null);
            AwaitClosing();
            return;
        }

        _isClosed = true;
        (_closing, _next) = (Nothing, next);
        if (_isStopping)
        {
            ConsiderStopped();
            return;
        }

        if (_now.State == QueueState.Opening)
        {
            Begin();
        }

        // The connections of the incarnation are suspended only now.
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
                // A timer takes at least one tick of the scheduler.
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

    /// <summary>Gets whether a queue that would be given up can be opened without its NIC: configured, possible, and not done yet.</summary>
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
                Replace(command);
                break;
            default:
                // It is being opened already.
                break;
        }
    }

    /// <summary>Ends the incarnation. The next one continues its registration where the kernel can and the options allow it.</summary>
    private void Replace(ZcrxCommand.RestartQueue command)
    {
        if (_incarnation is not { IsAlive: true } incarnation)
        {
            return;
        }

        if (!command.RegisterAnew && _now.Current is { } queue && _registeredWith is { } registered && QueueOpener.CanTakeOver(queue, registered, OptionsToOpen))
        {
            incarnation.Takeover ??= _opener.TakeOverAsync(queue, OptionsToOpen, _reports.Cause);
        }

        incarnation.Stop(command.Drain ?? _options.DrainTimeout, suspendsConnections: true);
    }

    private void OnStop(Stop message)
    {
        if (!_isStopping)
        {
            _isStopping = true;
            Timers.CancelAll();
            _suspended.End();
            _reports.AnswerAll(StoppingReply());
        }

        _reports.EndRestart(new OperationCanceledException("Zcrx is being stopped."));
        if (_now.State != QueueState.Stopped)
        {
            Change(_now with { State = QueueState.Stopping, RestartDelay = null });
        }

        _incarnation?.Stop(message.Drain);
        ConsiderStopped();
    }

    private void ConsiderStopped()
    {
        if (_incarnation is null && _isClosed && _now.State != QueueState.Stopped)
        {
            Change(_now with { State = QueueState.Stopped });
        }
    }

    private void OnPeers(QueuePeers peers)
    {
        _suspended.SetOthers(peers.Open, peers.IsHope);
        if (!_isStopping && _now.State != QueueState.Open)
        {
            Relocate();
        }
    }

    /// <summary>Resumes or ends the suspended connections. A connection that no queue takes stays suspended.</summary>
    private void Relocate() => _ = RelocateAsync(_now, _options.Restart);

    /// <summary>Reports by itself and not by a message: the actor may have ended by then. Does not fail.</summary>
    private async Task RelocateAsync(QueueSnapshot now, ZcrxRestartOptions restart)
    {
        (IReadOnlyList<string> targets, int connections) = await _suspended.RelocateAsync(now, restart).ConfigureAwait(false);
        _reports.Continued(targets, connections);
    }

    private void OnReconfigure(ReconfigureQueue message)
    {
        _options = message.All;
        _restart.Reconfigure(message.All.Restart);
        if (message.Queue is not { } options || options == _now.Options)
        {
            Sender.Tell(new QueueReconfigured([], []));
            return;
        }

        Change(_now with { Options = options });
        _ = QueueOpener.ReconfigureAsync(options, _now.Ready).PipeTo(Sender, Self);
    }

    private void Change(QueueSnapshot now)
    {
        _now = now;
        _published.Publish(now);
        Context.Parent.Tell(new Changed());
    }

    private static ZcrxReply.Failed StoppingReply() => new(ZcrxFailure.Stopping, null, "Zcrx is being stopped.");

    /// <summary>To the actor: close the queue and open it no more. May be repeated with less time.</summary>
    public sealed record Stop(TimeSpan Drain) : ILocalMessage;

    /// <summary>To the parent: another snapshot is published.</summary>
    public sealed record Changed : ILocalMessage;

    private sealed record RestartDue : ILocalMessage;

    private sealed record Closed(ZcrxQueue? Next) : ILocalMessage;
}
