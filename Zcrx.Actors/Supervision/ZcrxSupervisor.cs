using Akka.Actor;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Zcrx.Actors.Connections;
using Zcrx.Actors.Logging;
using Zcrx.Actors.Messages;
using Zcrx.Actors.Rebalancing;
using Zcrx.Actors.Supervision;
using Zcrx.Interop;

namespace Zcrx.Actors;

/// <summary>The root of the tree: one actor per queue, which it opens again when it fails, and one per listener. Answers <see cref="ZcrxCommand"/>, publishes <see cref="ZcrxEvent"/>.</summary>
/// <remarks>With hosting, <c>AddZcrx</c> creates it as <c>/user/zcrx</c>. Without, create it from <see cref="Props"/> and ask it <see cref="ZcrxCommand.WhenStarted"/>.</remarks>
public sealed partial class ZcrxSupervisor : ReceiveActor, IWithTimers
{
    private readonly ZcrxRuntime _runtime;
    private readonly ConnectionReports _reports;
    private readonly List<QueueRecord> _queues;
    private readonly List<ListenerRecord> _listeners;
    private readonly List<IActorRef> _awaitingStart = [];
    private readonly List<IActorRef> _awaitingStop = [];
    private ZcrxState _state = ZcrxState.Starting;
    private IActorRef _rebalancer = ActorRefs.Nobody;
    private bool _isRestarted;
    private bool _awaitsClosed;
    private bool _isClosed;

    internal ZcrxSupervisor(ZcrxRuntime runtime)
    {
        _runtime = runtime;
        runtime.UseDefaultsOf(Context.System);
        _reports = new ConnectionReports(runtime.Logger, Context.System.EventStream);
        _queues = [.. runtime.Queues.Select(slot => new QueueRecord(slot, runtime.Options.Restart))];
        _listeners = [.. runtime.Listeners.Select(static slot => new ListenerRecord(slot))];
        _isAccepting = !runtime.AcceptsLater;
        Receive<RemoteCommand>(command => Refuse(command.Command));
        // Before the commands themselves: one that was forwarded here cannot be answered either.
        Receive<ZcrxCommand>(command => Refuse(command.GetType().Name), _ => !Sender.IsNobody() && Sender.Path.Address.HasGlobalScope);
        Receive<ZcrxCommand.GetStatus>(command => Sender.Tell(ToStatus(command.IncludeConnections)));
        Receive<ZcrxCommand.AttachConnection>(OnAttachConnection);
        Receive<ZcrxCommand.PauseConnection>(OnPauseConnection);
        Receive<ZcrxCommand.ResumeConnection>(OnResumeConnection);
        Receive<ZcrxCommand.MoveConnection>(OnMoveConnection);
        Receive<ZcrxCommand.DetachConnection>(OnDetachConnection);
        Receive<ZcrxCommand.CloseListeners>(_ => OnCloseListeners());
        Receive<ApplyOptions>(OnApplyOptions);
        Receive<OptionsApplied>(OnOptionsApplied);
        Receive<RefuseOptions>(OnRefuseOptions);
        Receive<ZcrxCommand.WhenStarted>(_ => OnWhenStarted());
        Receive<ZcrxCommand.Stop>(OnStop);
        Receive<ZcrxCommand.RestartQueue>(OnRestartQueue);
        Receive<InterfaceQueueActor.Ready>(OnQueueReady);
        Receive<InterfaceQueueActor.Finished>(_ => OnQueueFinished());
        Receive<RestartDue>(message => OnRestartDue(message.Queue));
        Receive<ListenerActor.Bound>(message => OnListenerBound(message.Slot));
        Receive<ListenerActor.BindFailed>(message => OnListenerFailed(message.Slot, message.Cause));
        Receive<BeginAccepting>(_ => OnBeginAccepting());
        Receive<StopAccepting>(_ => OnStopAccepting());
        Receive<WhenIdle>(_ => OnWhenIdle());
        Receive<ListenerActor.Finished>(message => OnListenerFinished(message.Slot));
        Receive<ListenerActor.Released>(message => OnListenerReleased(message.Slot));
        Receive<Terminated>(message => OnTerminated(message.ActorRef));
        Receive<AllClosed>(_ => OnAllClosed());
        Receive<RebalancerActor.Finished>(_ => OnAllUndone());
        Receive<Continued>(OnContinued);
        Receive<QueueClosed>(_ => OnQueueClosed());
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>How to create the supervisor without a host.</summary>
    /// <param name="options">What receives, and where.</param>
    /// <param name="loggerFactory">Where to log; nowhere if not given.</param>
    /// <returns>Props for <c>ActorOf</c>; the name <c>zcrx</c> is customary.</returns>
    /// <exception cref="ZcrxConfigurationException">The options are invalid; all errors at once.</exception>
    public static Props Props(ZcrxOptions options, ILoggerFactory? loggerFactory = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ILogger logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger("Zcrx");
        return Create(new ZcrxRuntime(options, new QueueDirectory(), logger, TimeProvider.System));
    }

    internal static Props Create(ZcrxRuntime runtime) => Akka.Actor.Props.CreateBy(new SupervisorProducer(runtime)).WithDeploy(Deploy.Local);

    /// <inheritdoc/>
    protected override void PreStart()
    {
        _runtime.Watch(Self);
        // Ports first: one that is taken is the commonest mistake, and is found out at once.
        foreach (ListenerRecord listener in _listeners)
        {
            listener.Actor = StartChild($"listener-{_listeners.IndexOf(listener)}", OfThis(Akka.Actor.Props.Create(() => new ListenerActor(listener.Slot, _runtime))));
        }

        foreach (QueueRecord queue in _queues)
        {
            Open(queue);
        }

        _rebalancer = StartChild("rebalancer", OfThis(Akka.Actor.Props.Create(() => new RebalancerActor(_runtime))));
        Register();
    }

    private void Register()
    {
        if (_runtime.Registry is not { } registry)
        {
            return;
        }

        _ = registry.TryRegister<ZcrxRebalancer>(_rebalancer, overwrite: true);
        foreach ((string queue, Type key) in _runtime.Options.QueueKeys)
        {
            int index = _queues.FindIndex(candidate => candidate.Slot.Name == queue);
            _ = registry.TryRegister(key, Context.ActorOf(OfThis(Akka.Actor.Props.Create<QueueCommandActor>()), $"queue-{index}-commands"), overwrite: true);
        }
    }

    /// <inheritdoc/>
    protected override void PreRestart(Exception reason, object message)
    {
        _isRestarted = true;
        base.PreRestart(reason, message);
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        if (_isRestarted)
        {
            return;
        }

        if (_state != ZcrxState.Stopped)
        {
            // Killed, or the actor system ended first: the children have closed what they had.
            if (_state != ZcrxState.Stopping)
            {
                ZcrxLog.EndedUnasked(_runtime.Logger);
                _runtime.HasEndedUnasked = true;
            }

            _state = ZcrxState.Stopped;
            _queues.ForEach(static queue => queue.State = QueueState.Stopped);
        }

        EndWaitingConnections();
        _queues.ForEach(static queue => queue.Slot.DropSuccessor());
        _runtime.OnEnded(ToStatus());
    }

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new FailureRecorder((child, exception) =>
    {
        if (FindQueue(child) is { } queue)
        {
            queue.Failure = exception;
            return Directive.Stop;
        }

        if (_listeners.Find(candidate => child.Equals(candidate.Actor)) is { } listener)
        {
            ZcrxLog.ListenerFailed(_runtime.Logger, listener.Slot.Name, exception);
        }
        else if (child.Equals(_rebalancer))
        {
            ZcrxLog.RebalancerFailed(_runtime.Logger, exception);
            if (_state == ZcrxState.Stopping)
            {
                // It has nothing left to do but to undo, which its end does, too.
                return Directive.Stop;
            }
        }

        return Directive.Restart;
    });

    private void Refuse(string command)
    {
        ZcrxLog.RemoteCommandRefused(_runtime.Logger, command, Sender);
        if (!Sender.IsNobody())
        {
            Sender.Tell(RemoteCommand.Refuse(command, Self));
        }
    }

    private void OnWhenStarted()
    {
        switch (_state)
        {
            case ZcrxState.Starting:
                _awaitingStart.Add(Sender);
                break;
            case ZcrxState.Running:
                Sender.Tell(ToStatus());
                break;
            case ZcrxState.StartFailed:
                Sender.Tell(new Status.Failure(StartError() ?? new InvalidOperationException("The start failed.")));
                break;
            default:
                Sender.Tell(new Status.Failure(new InvalidOperationException("Zcrx is being stopped.")));
                break;
        }
    }

    /// <summary>After every change: whether the start is over, and how it went. A failed start is mended when everything has come up after all.</summary>
    private void ConsiderStart()
    {
        if (_state is not (ZcrxState.Starting or ZcrxState.StartFailed))
        {
            return;
        }

        if (StartError() is { } error)
        {
            if (_state == ZcrxState.Starting)
            {
                _state = ZcrxState.StartFailed;
                AnswerAll(_awaitingStart, new Status.Failure(error));
            }
        }
        else if (_queues.TrueForAll(static queue => queue.State == QueueState.Open) && _listeners.TrueForAll(static listener => listener.WasBound))
        {
            _state = ZcrxState.Running;
            Publish(new ZcrxEvent.Started(ToStatus()));
            AnswerAll(_awaitingStart, ToStatus());
        }
    }

    /// <summary>Returns why the start failed: every port that cannot be bound at once, or the queues that stay closed. Null while it has not failed.</summary>
    private Exception? StartError()
    {
        if (!_listeners.TrueForAll(static listener => listener.WasBound || listener.Error is not null))
        {
            return null;
        }

        Exception[] errors =
        [
            .. _listeners.Select(static listener => listener.Error).OfType<Exception>(),
            .. _queues.Where(static queue => queue.State == QueueState.Failed).Select(static queue => queue.LastError).OfType<Exception>(),
        ];
        return errors switch
        {
            [] => null,
            [var only] => only,
            _ => new AggregateException("Zcrx could not start.", errors),
        };
    }

    private void OnStop(ZcrxCommand.Stop command)
    {
        if (!Sender.IsNobody())
        {
            _awaitingStop.Add(Sender);
        }

        if (_state != ZcrxState.Stopping)
        {
            ZcrxLog.Stopping(_runtime.Logger, command.Drain);
            _state = ZcrxState.Stopping;
            Publish(new ZcrxEvent.Stopping(command.Drain));
            Timers.CancelAll();
            _rebalancer.Tell(new RebalancerActor.Rest());
            EndWaitingConnections();
            Status.Failure stopping = new(new InvalidOperationException("Zcrx is being stopped."));
            AnswerAll(_awaitingStart, stopping);
            _queues.ForEach(queue => AnswerAll(queue.Waiting, StoppingReply()));
        }

        foreach (QueueRecord queue in _queues)
        {
            queue.IsReplaced = false;
            queue.Delay = null;
            EndRestart(queue, new OperationCanceledException("Zcrx is being stopped."));
            queue.State = queue.Actor is null ? QueueState.Stopped : QueueState.Stopping;
            queue.Tell(new InterfaceQueueActor.Stop(command.Drain));
        }

        _listeners.ForEach(static listener => listener.Tell(new ListenerActor.Stop()));
        ConsiderStopped();
    }

    private void ConsiderStopped()
    {
        if (_state == ZcrxState.Stopping && !_awaitsClosed && _queues.TrueForAll(static queue => queue.Actor is null) && _listeners.TrueForAll(static listener => listener.Actor is null))
        {
            _awaitsClosed = true;
            _ = _runtime.WhenAllIsClosed().PipeTo(Self, success: static () => new AllClosed(), failure: static _ => new AllClosed());
        }
    }

    private void OnAllClosed()
    {
        _isClosed = true;
        if (_rebalancer.IsNobody())
        {
            OnAllUndone();
        }
        else
        {
            _rebalancer.Tell(new RebalancerActor.Finish());
        }
    }

    private void OnAllUndone()
    {
        if (_state == ZcrxState.Stopped)
        {
            return;
        }

        _state = ZcrxState.Stopped;
        ZcrxLog.Stopped(_runtime.Logger);
        Publish(new ZcrxEvent.Stopped(ToStatus()));
        AnswerAll(_awaitingStop, ToStatus());
        Context.Stop(Self);
    }

    private void OnTerminated(IActorRef child)
    {
        if (FindQueue(child) is { } queue)
        {
            OnQueueEnded(queue);
        }
        else if (_listeners.Find(candidate => child.Equals(candidate.Actor)) is { } listener)
        {
            OnListenerEnded(listener);
            ConsiderReleased();
        }
        else if (child.Equals(_rebalancer))
        {
            // Failed while everything stops, or stopped from outside; the runtime undoes what it steered.
            _rebalancer = ActorRefs.Nobody;
            if (_isClosed)
            {
                OnAllUndone();
            }
        }

        ConsiderStopped();
    }

    private IActorRef StartChild(string name, Props props) => Context.Watch(Context.ActorOf(props, name));

    /// <summary>The arguments are objects of this process: Akka must not try to serialize them, and cannot deploy the actor
    /// elsewhere.</summary>
    private Props OfThis(Props props)
    {
        Props local = props.WithDeploy(Deploy.Local);
        return _runtime.Options.Dispatcher is { Length: > 0 } dispatcher ? local.WithDispatcher(dispatcher) : local;
    }

    private ZcrxStatus ToStatus(bool includeConnections = false)
    {
        ILookup<string, ConnectionStatus>? connections = includeConnections ? _runtime.Connections.Snapshot() : null;
        return new ZcrxStatus
        {
            State = _state,
            IsAccepting = _state is not (ZcrxState.Stopping or ZcrxState.Stopped) && _isAccepting && !_hasLetGo,
            RefusedOptions = _refusedOptions,
            Queues = [.. _queues.Select(queue => queue.ToStatus(connections))],
            Listeners = [.. _listeners.Select(static listener => listener.ToStatus())],
            Rebalancing = _runtime.Rebalancing.ToStatus(),
            Time = _runtime.Time.GetUtcNow(),
        };
    }

    private void AnswerAll(List<IActorRef> waiting, object answer)
    {
        waiting.ForEach(actor => actor.Tell(answer));
        waiting.Clear();
    }

    private static void Publish(ZcrxEvent happened) => Context.System.EventStream.Publish(happened);

    private sealed record RestartDue(QueueRecord Queue) : ILocalMessage;

    private sealed record AllClosed : ILocalMessage;
}
