using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Zcrx.Actors.Connections;
using Zcrx.Actors.Listening;
using Zcrx.Actors.Logging;
using Zcrx.Actors.Messages;
using Zcrx.Actors.Queues;
using Zcrx.Actors.Rebalancing;
using Zcrx.Actors.Supervision;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>Represents the root of the actor tree. Answers <see cref="ZcrxCommand"/>, and publishes <see cref="ZcrxEvent"/>.</summary>
/// <remarks>
/// With hosting, <c>AddZcrx</c> creates the supervisor as <c>/user/zcrx</c>. Without hosting, create it from <see cref="Props"/>, and send
/// it <see cref="ZcrxCommand.WhenStarted"/>. Its children are the rebalancer and an actor for each queue, listener and interface.
/// </remarks>
public sealed class ZcrxSupervisor : ReceiveActor
{
    private readonly ZcrxTree _tree;
    private readonly IncomingQueues _incoming;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ActorRegistry? _registry;
    private readonly TreeActors _actors;
    private readonly QueueSet _queues;
    private readonly ListenerSet _listeners;
    private readonly ListenerCommands _ports;
    private readonly TreeStart _start;
    private readonly TreeStop _stop;
    private readonly TreeOptions _changes;
    private IActorRef _rebalancer = ActorRefs.Nobody;
    private ZcrxState _state = ZcrxState.Starting;
    private bool _isRestarted;

    internal ZcrxSupervisor(ZcrxTree tree, IncomingQueues incoming, QueueDirectory directory, TimeProvider time, ILogger logger, ActorRegistry? registry, bool isAccepting)
    {
        (_tree, _incoming, _time, _logger, _registry) = (tree, incoming, time, logger, registry);
        tree.Options.Value.UseDefaultsOf(Context.System);
        ZcrxConfigurationException.ThrowIfAny(tree.Options.Value.Validate());
        _queues = new QueueSet(tree.Queues);
        _listeners = new ListenerSet(tree.Listeners.Value, isAccepting, logger, Context.System.EventStream);
        _start = new TreeStart(_queues, _listeners);
        _stop = new TreeStop(_queues, _listeners);
        _changes = new TreeOptions(tree.Options, _queues, logger, Context.System.EventStream);
        ConnectionReports reports = new(logger, Context.System.EventStream, time, tree.Tally);
        _actors = new TreeActors(tree, incoming, directory, time, logger, reports);
        _ports = new ListenerCommands(_listeners, tree.Listeners, tree.EndPoints, tree.KeptPorts, (number, slot) => StartChild($"listener-{number}", _actors.Listener(slot)), Schedule, () => Options.BindTimeout, logger);
        Receive<RemoteCommand>(command => Refuse(command.Command));
        // Must precede the other handlers. Also refuses commands that a local actor forwards for a sender in another process, because the
        // answer could not be sent there.
        Receive<ZcrxCommand>(command => Refuse(command.GetType().Name), _ => !Sender.IsNobody() && Sender.Path.Address.HasGlobalScope);
        Receive<ZcrxCommand.GetStatus>(command => Sender.Tell(ToStatus(command.IncludeConnections)));
        Receive<ZcrxCommand.WhenStarted>(_ => _start.Answer(Sender, _state, () => ToStatus()));
        Receive<ZcrxCommand.Stop>(OnStop);
        Receive<ZcrxCommand.RestartQueue>(OnRestartQueue);
        ReceiveConnectionCommands(new ConnectionCommands(tree.Connections, reports, FindReady));
        Receive<TreeMessage.BeginAccepting>(_ => _listeners.BeginAccepting());
        Receive<TreeMessage.StopAccepting>(_ => OnStopAccepting());
        Receive<ZcrxCommand.CloseListeners>(_ => OnCloseListeners());
        Receive<TreeMessage.WhenIdle>(_ => Consider(() => _listeners.AwaitEnd(Sender)));
        Receive<TreeMessage.ApplyOptions>(message => _ = _changes.ApplyAsync(message.Options).PipeTo(Self));
        Receive<OptionsUpdate>(_changes.Report);
        Receive<TreeMessage.RefuseOptions>(_changes.Refuse);
        Receive<QueueMessage.Changed>(_ => OnQueueChanged());
        Receive<ZcrxCommand.Bind>(command => _ports.Bind(command.Listener, Sender, isStopping: _state == ZcrxState.Stopping));
        Receive<ZcrxCommand.Unbind>(command => Consider(() => _ports.Unbind(command, Sender)));
        Receive<ListenerActor.Report>(message => Consider(() => _ports.On(message, Context)));
        Receive<ListenerCommands.Overdue>(message => Consider(() => _ports.On(message)));
        Receive<RebalancerActor.Finished>(_ => OnAllUndone());
        Receive<ConnectionsClosed>(_ => OnConnectionsClosed());
        Receive<Terminated>(message => OnTerminated(message.ActorRef));
    }

    private ZcrxOptions Options => _tree.Options.Value;

    /// <summary>Creates the props of a supervisor that runs without a host.</summary>
    /// <param name="options">The options of the actor tree.</param>
    /// <param name="loggerFactory">Creates the loggers; null for no log.</param>
    /// <returns>The props for <c>ActorOf</c>. The customary actor name is <c>zcrx</c>.</returns>
    /// <exception cref="ZcrxConfigurationException">The options are invalid. The exception lists every error.</exception>
    public static Props Props(ZcrxOptions options, ILoggerFactory? loggerFactory = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ILogger logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger("Zcrx");
        QueueDirectory directory = new();
        ZcrxTree tree = new(options, directory, TimeProvider.System);
        return Create(() => new ZcrxSupervisor(tree, new IncomingQueues(), directory, TimeProvider.System, logger, registry: null, isAccepting: true));
    }

    internal static Props Create(Func<ZcrxSupervisor> produce) => Akka.Actor.Props.CreateBy(new Producer(produce)).WithDeploy(Deploy.Local);

    /// <inheritdoc/>
    protected override void PreStart()
    {
        _tree.End.Watch(Self);
        // Binds the ports first: a port in use is the most common failure, and is then reported at once.
        _ports.Start();
        foreach (QueueEntry queue in _queues.All)
        {
            StartQueue(queue, failure: null);
        }

        _queues.Announce(changed: null);
        _rebalancer = StartChild("rebalancer", _actors.Rebalancer(_actors.StartSteering(Context)));
        _ = _registry?.TryRegister<ZcrxRebalancer>(_rebalancer, overwrite: true);
    }

    /// <inheritdoc/>
    protected override void PreRestart(Exception reason, object message)
    {
        _isRestarted = true;
        _ports.Abandon();
        base.PreRestart(reason, message);
    }

    /// <inheritdoc/>
    protected override void PostRestart(Exception reason)
    {
        if (_tree.End.IsStopRequested)
        {
            // The supervisor failed during a stop. Its children are closing their resources as outstanding work, so only the supervisor
            // must still end.
            _state = ZcrxState.Stopping;
            _tree.End.Watch(Self);
            Context.Stop(Self);
            return;
        }

        base.PostRestart(reason);
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        if (_isRestarted)
        {
            return;
        }

        // If no stop was requested, the supervisor was killed or the actor system ended. The children then close queues and listeners.
        bool isUnasked = _state is not (ZcrxState.Stopping or ZcrxState.Stopped);
        if (isUnasked)
        {
            ZcrxLog.EndedUnasked(_logger);
        }

        _state = ZcrxState.Stopped;
        _incoming.Dispose();
        _tree.End.OnEnded(ToStatus(), isUnasked);
    }

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(OnChildFailed, loggingEnabled: false);

    private void StartQueue(QueueEntry queue, Exception? failure)
    {
        queue.Failure = null;
        queue.Actor = StartChild(queue.ActorName, _actors.Queue(queue, failure));
        if (Options.QueueKeys.TryGetValue(queue.Now.Name, out Type? key))
        {
            _ = _registry?.TryRegister(key, queue.Actor, overwrite: true);
        }
    }

    /// <summary>Decides what happens to a child that threw. Logs the failure, unless the actor that replaces the child does so.</summary>
    private Directive OnChildFailed(Exception exception)
    {
        if (_queues.Find(Sender) is { } queue)
        {
            // OnTerminated starts another queue supervisor in its place.
            queue.Failure = exception;
            return Directive.Stop;
        }

        if (_listeners.SlotOf(Sender) is { } listener)
        {
            ZcrxLog.ListenerFailed(_logger, listener.Name, exception);
        }
        else if (Sender.Equals(_rebalancer))
        {
            ZcrxLog.RebalancerFailed(_logger, exception);
            if (_state == ZcrxState.Stopping)
            {
                // A restarted rebalancer would only undo its steering, which the steering actors also do when they end.
                return Directive.Stop;
            }
        }
        else
        {
            // A steering actor failed. It undoes its changes before its restart.
            ZcrxLog.RebalancingFaulted(_logger, exception);
            Publish(new RebalanceEvent.Faulted(exception));
        }

        return Directive.Restart;
    }

    private void Refuse(string command)
    {
        ZcrxLog.RemoteCommandRefused(_logger, command, Sender);
        if (!Sender.IsNobody())
        {
            Sender.Tell(RemoteCommand.Refuse(command, Self));
        }
    }

    /// <summary>Handles a message. Then checks whether the start or the stop is complete, or an answer is due.</summary>
    private void Consider(Action handle)
    {
        handle();
        ConsiderStart();
        _listeners.AnswerAll(() => ToStatus());
        ConsiderStopped();
    }

    /// <summary>Checks whether the start has succeeded or failed. A failed start still succeeds if everything opens later.</summary>
    private void ConsiderStart()
    {
        if (_state is not (ZcrxState.Starting or ZcrxState.StartFailed))
        {
            return;
        }

        if (_start.Error is { } error)
        {
            if (_state == ZcrxState.Starting)
            {
                _state = ZcrxState.StartFailed;
                _start.AnswerAll(new Status.Failure(error));
            }
        }
        else if (_start.IsComplete)
        {
            _state = ZcrxState.Running;
            Publish(new ZcrxEvent.Started(ToStatus()));
            _start.AnswerAll(ToStatus());
        }
    }

    private void OnQueueChanged()
    {
        if (_queues.Find(Sender) is not { } queue)
        {
            return;
        }

        QueueSnapshot now = queue.Now;
        if (now.Ready is { } ready)
        {
            _listeners.OnQueueOpened(now.Name, ready);
        }
        else
        {
            _listeners.OnQueueClosed(now.Name);
        }

        if (_state != ZcrxState.Stopping)
        {
            _queues.Announce(queue);
        }

        ConsiderStart();
        ConsiderStopped();
    }

    private void OnRestartQueue(ZcrxCommand.RestartQueue command)
    {
        if (_queues.Find(command.Queue)?.Actor is { } queue)
        {
            queue.Forward(command);
        }
        else
        {
            Sender.Tell(_state == ZcrxState.Stopping ? StoppingReply() : _queues.NoSuchQueue(command.Queue, null));
        }
    }

    private void ReceiveConnectionCommands(ConnectionCommands commands)
    {
        Receive<ZcrxCommand.AttachConnection>(command => _ = commands.AttachAsync(command).PipeTo(Sender, Self));
        Receive<ZcrxCommand.MoveConnection>(command => _ = commands.MoveAsync(command).PipeTo(Sender, Self));
        Receive<ZcrxCommand.PauseConnection>(command => Sender.Tell(commands.Pause(command.ConnectionId)));
        Receive<ZcrxCommand.ResumeConnection>(command => Sender.Tell(commands.Resume(command.ConnectionId)));
        Receive<ZcrxCommand.DetachConnection>(command => _ = commands.DetachAsync(command.ConnectionId).PipeTo(Sender, Self));
    }

    private ZcrxReply.Failed? FindReady(string? name, long? connection, out ZcrxQueue? queue)
    {
        queue = null;
        return _state == ZcrxState.Stopping ? StoppingReply(connection) : _queues.FindReady(name, connection, out queue);
    }

    private void OnCloseListeners()
    {
        if (!_listeners.IsReleased)
        {
            ZcrxLog.ClosingPorts(_logger);
        }

        OnStopAccepting();
    }

    private void OnStopAccepting() => Consider(() => _listeners.Release(Sender));

    private void OnStop(ZcrxCommand.Stop command)
    {
        _stop.Await(Sender);
        if (_state != ZcrxState.Stopping)
        {
            _state = ZcrxState.Stopping;
            _tree.End.IsStopRequested = true;
            ZcrxLog.Stopping(_logger, command.Drain);
            _queues.Stop(command.Drain);
            Publish(new ZcrxEvent.Stopping(command.Drain));
            _rebalancer.Tell(new RebalancerActor.Rest());
            _start.Cancel();
        }
        else
        {
            _queues.Stop(command.Drain);
        }

        _ports.Stop();
        ConsiderStopped();
    }

    private void ConsiderStopped()
    {
        if (_state == ZcrxState.Stopping && _stop.BeginsWithConnections())
        {
            _ = _tree.Connections.WhenIdle().PipeTo(Self, success: static () => new ConnectionsClosed(), failure: static _ => new ConnectionsClosed());
        }
    }

    private void OnConnectionsClosed()
    {
        _stop.OnConnectionsClosed();
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
        ZcrxLog.Stopped(_logger);
        Publish(new ZcrxEvent.Stopped(ToStatus()));
        _stop.AnswerAll(ToStatus());
        Context.Stop(Self);
    }

    private void OnTerminated(IActorRef child)
    {
        if (_queues.Find(child) is { } queue)
        {
            Exception? failure = queue.Failure;
            queue.Actor = null;
            if (_state != ZcrxState.Stopping)
            {
                StartQueue(queue, failure ?? new ZcrxException($"Receiving on the queue {queue.Now.Name}", 0, "its actor was stopped from outside", ""));
                _queues.Announce(changed: null);
            }
        }
        else if (_ports.OnTerminated(child))
        {
            _listeners.AnswerAll(() => ToStatus());
        }
        else if (child.Equals(_rebalancer))
        {
            // The rebalancer failed during a stop or was stopped from outside. The steering actors undo their changes when they end.
            _rebalancer = ActorRefs.Nobody;
            if (_stop.AreConnectionsClosed)
            {
                OnAllUndone();
            }
        }

        ConsiderStopped();
    }

    private static ICancelable Schedule(ListenerCommands.Overdue message, TimeSpan delay) => Context.System.Scheduler.ScheduleTellOnceCancelable(delay, Context.Self, message, Context.Self);

    private IActorRef StartChild(string name, Props props) => Context.Watch(Context.ActorOf(props, name));

    private ZcrxStatus ToStatus(bool includeConnections = false) => _tree.Complete(
        new ZcrxStatus
        {
            State = _state,
            IsAccepting = _state is not (ZcrxState.Stopping or ZcrxState.Stopped) && _listeners.IsAccepting,
            RefusedOptions = _changes.Refused,
            Listeners = _listeners.ToStatus(),
            Time = _time.GetUtcNow(),
        },
        includeConnections);

    private static ZcrxReply.Failed StoppingReply(long? connection = null) => new(ZcrxFailure.Stopping, connection, "Zcrx is being stopped.");

    private static void Publish(ZcrxEvent happened) => Context.System.EventStream.Publish(happened);

    private sealed record ConnectionsClosed : ILocalMessage;
}
