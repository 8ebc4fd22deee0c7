using Akka.Actor;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Messages;
using Zcrx.Actors.Queues;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Rebalancing;

/// <summary>Samples the counters of the queues. If a queue needs it, reads its connections, makes a plan, and executes the plan.</summary>
/// <remarks>
/// <para><see cref="RebalanceMachine"/> detects a storm, <see cref="RebalancingReader"/> reads the connections, and
/// <see cref="RebalancePlanner"/> makes the plan. This actor moves connections. The <see cref="SteeringActor"/> of the interface changes
/// the RX queue on which packets arrive.</para>
/// <para>Reading and moving wait for ring threads. Their results and failures arrive as messages. If a rebalancer ended abruptly, its
/// steering is undone before the next rebalancer begins.</para>
/// </remarks>
internal sealed class RebalancerActor : ReceiveActor, IWithTimers
{
    private readonly IReadOnlyList<Published<QueueSnapshot>> _queues;
    private readonly IReadOnlyDictionary<string, IActorRef> _steering;
    private readonly ZcrxQueueGroup _group;
    private readonly ZcrxRebalancingOptions _options;
    private readonly TimeProvider _time;
    private readonly RebalanceMachine _machine;
    private readonly RebalancingReader _reader;
    private readonly RebalancingReport _report;
    private readonly RebalancingState _state;
    // Connections that are steered or degraded. A Gone message arrives when one of them is closed.
    private readonly HashSet<long> _watched = [];
    private readonly Dictionary<long, StepRun> _running = [];
    // _awaited contains steering actors whose answer is pending. _ended contains steering actors that were stopped from outside.
    private readonly HashSet<IActorRef> _awaited = [];
    private readonly HashSet<IActorRef> _ended = [];
    private IDisposable? _moves;
    private bool _isReading;
    private bool _isResting;
    private bool _isFinishing;
    private bool _isUndoing;

    /// <param name="queues">The queues of the service.</param>
    /// <param name="steering">The steering actors by interface.</param>
    /// <param name="group">Moves connections between the queues.</param>
    /// <param name="options">The permitted actions.</param>
    /// <param name="published">The published state. After a restart of the rebalancer it contains the state of the earlier one.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    public RebalancerActor(
        IReadOnlyList<Published<QueueSnapshot>> queues,
        IReadOnlyDictionary<string, IActorRef> steering,
        ZcrxQueueGroup group,
        ZcrxRebalancingOptions options,
        Published<RebalancingSnapshot> published,
        TimeProvider time,
        ILogger logger)
    {
        (_queues, _steering, _group, _options, _time) = (queues, steering, group, options, time);
        _machine = new RebalanceMachine(options);
        _reader = new RebalancingReader(queues, group, options);
        _report = new RebalancingReport(logger, Context.System.EventStream);
        _state = new RebalancingState(published, _report);
        Receive<SteeringActor.Prepared>(_ => OnPrepared());
        Receive<Tick>(_ => OnTick());
        Receive<ZcrxEvent.NotificationReceived>(OnNotification);
        Receive<Read>(OnRead);
        Receive<RebalanceEvent.Moved>(_state.Move);
        Receive<ActionDone>(message => OnActionDone(message.Run, message.IsDone, message.Cause));
        Receive<SteeringActor.Changed>(message => OnActionDone(message.Request.Run, message.IsDone, message.Cause));
        Receive<Gone>(message => OnGone(message.Connection));
        Receive<Rest>(_ => _isResting = true);
        Receive<Finish>(_ => OnFinish());
        Receive<SteeringActor.Undone>(_ => OnUndone(Sender));
        Receive<Terminated>(message => OnSteeringEnded(message.ActorRef));
        Receive<ZcrxCommand>(static command => Context.Parent.Forward(command));
        Receive<RemoteCommand>(static command => Context.Parent.Forward(command));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => _time.GetElapsedTime(0);

    protected override void PreStart()
    {
        IActorRef self = Self;
        _moves = _group.Moves.Subscribe(moved => self.Tell(new RebalanceEvent.Moved(moved.Connection.Id, moved.From, moved.To, moved.Reason)));
        if (!_options.Enabled)
        {
            return;
        }

        Context.System.EventStream.Subscribe(Self, typeof(ZcrxEvent.NotificationReceived));
        foreach (IActorRef steering in _steering.Values)
        {
            Context.Watch(steering);
        }

        // Sampling starts after the changes of an earlier process or rebalancer are undone.
        TellSteering(new SteeringActor.Prepare());
        if (_awaited.Count == 0)
        {
            StartSampling();
        }
    }

    protected override void PostStop()
    {
        Context.System.EventStream.Unsubscribe(Self);
        _moves?.Dispose();
    }

    private void TellSteering(object message)
    {
        foreach (IActorRef steering in _steering.Values.Where(steering => !_ended.Contains(steering)))
        {
            _awaited.Add(steering);
            steering.Tell(message);
        }
    }

    private void OnPrepared()
    {
        // After Finish, the actor awaits only answers to Undo. A late answer to Prepare is ignored.
        if (!_isUndoing && _awaited.Remove(Sender) && _awaited.Count == 0)
        {
            StartSampling();
        }
    }

    private void StartSampling()
    {
        if (!_isResting)
        {
            Timers.StartPeriodicTimer(nameof(Tick), new Tick(), _options.SampleInterval);
        }
    }

    private void OnTick()
    {
        foreach (Published<QueueSnapshot> queue in _queues)
        {
            Sample(queue.Value);
        }

        QueueSnapshot[] ofInterest = [.. _queues.Select(static queue => queue.Value).Where(queue => queue.IsOpen && _machine.IsOfInterest(queue.Name))];
        if (ofInterest.Length > 0 && !_isReading && !_isResting)
        {
            _isReading = true;
            _ = _reader.ReadAsync(ofInterest).PipeTo(Self, success: static reading => new Read(reading, null), failure: static cause => new Read(null, cause));
        }
    }

    private void Sample(QueueSnapshot queue)
    {
        if (!queue.IsOpen || queue.Current is not { } open)
        {
            _machine.Forget(queue.Name);
            _state.EndStorm(queue.Name);
            return;
        }

        QueueStatistics statistics = open.Snapshot();
        switch (_machine.Observe(Now, queue.Name, open.RxQueue, statistics.BytesReceived, statistics.CopiedBytes, statistics.Pressure))
        {
            case StormChange.Began:
                _state.BeginStorm(queue.Name, _machine.CopiedShareOf(queue.Name));
                break;
            case StormChange.Ended:
                _state.EndStorm(queue.Name);
                break;
            default:
                break;
        }
    }

    /// <summary>Takes an early sample when the kernel reports copying, so that a storm is detected sooner.</summary>
    private void OnNotification(ZcrxEvent.NotificationReceived received)
    {
        if (received.Notification.Type == ZcrxNotificationType.Copy && Find(received.Notification.Queue) is { } queue)
        {
            Sample(queue);
        }
    }

    private void OnRead(Read message)
    {
        _isReading = false;
        ConsiderFinished();
        if (message.Reading is not { } reading)
        {
            _report.CannotRead(message.Cause!);
            return;
        }

        if (_isResting)
        {
            return;
        }

        foreach (string name in reading.HostSteered.Where(_machine.LeaveSteeringToHost))
        {
            _report.SteeredByHost(name);
        }

        TimeSpan now = Now;
        _machine.KeepOnly(now, reading.Connections.Keys.ToHashSet());
        RebalancePlan plan = _machine.Plan(now, reading.Readings, reading.Tables);
        foreach (ConnectionReading connection in reading.Readings)
        {
            if (connection.Arrival is { } arrival && Find(connection.Queue)?.Current?.RxQueue == arrival)
            {
                _state.Recover(connection.Id);
            }
        }

        foreach ((long id, string why) in plan.Degraded)
        {
            ZcrxConnection connection = reading.Connections[id];
            _state.Degrade(new DegradedConnection(id, connection.QueueName, connection.RemoteEndPoint, why));
            Watch(connection);
        }

        foreach (RebalanceStep step in plan.Steps.Where(step => _state.IsPermitted(step, _options.Permit)).ToArray())
        {
            Begin(step, reading.Connections);
        }
    }

    private void Begin(RebalanceStep step, IReadOnlyDictionary<long, ZcrxConnection> connections)
    {
        foreach (RebalanceAction.SteerFlow steer in step.Actions.OfType<RebalanceAction.SteerFlow>())
        {
            Watch(connections[steer.ConnectionId]);
        }

        StepRun run = new(step, connections);
        _running.Add(run.Id, run);
        Continue(run);
    }

    /// <summary>Starts the next action of a step. A move may have to wait for an observer. Only the step of the
    /// move is delayed then.</summary>
    private void Continue(StepRun run)
    {
        switch (run.Current)
        {
            case null:
                _running.Remove(run.Id);
                ConsiderFinished();
                break;
            case RebalanceAction.MoveConnection move when Find(move.To)?.Current is { } target:
                _ = run.MoveAsync(move, target, _group).PipeTo(Self, success: isDone => new ActionDone(run.Id, isDone, null), failure: cause => new ActionDone(run.Id, false, cause));
                break;
            // A closed connection is not steered. Its Gone message was already handled, so nothing would remove the rule.
            case { } change when (change is not RebalanceAction.SteerFlow steer || _watched.Contains(steer.ConnectionId)) && SteeringOf(change) is { } steering && !_ended.Contains(steering):
                steering.Tell(new SteeringActor.Change(change, run.Id));
                break;
            default:
                OnActionDone(run.Id, isDone: false, cause: null);
                break;
        }
    }

    private void OnActionDone(long id, bool isDone, Exception? cause)
    {
        if (!_running.TryGetValue(id, out StepRun? run))
        {
            // The step was begun before a restart of this actor.
            return;
        }

        RebalanceAction action = run.Current!;
        if (isDone)
        {
            if (action is RebalanceAction.SteerFlow steered && _watched.Contains(steered.ConnectionId))
            {
                _machine.Steered(steered.ConnectionId, new RxQueueId(steered.Interface, steered.Rule.Queue));
            }

            run.Advance();
            Continue(run);
            return;
        }

        if (action is RebalanceAction.SteerFlow refused && cause is not null)
        {
            // The rule table of the interface is full or flow rules are unsupported, so later rules would be refused as well.
            _machine.RefusesRules(refused.Interface);
        }

        _report.Publish(new RebalanceEvent.Failed(action, cause));
        _running.Remove(run.Id);
        ConsiderFinished();
    }

    private void Watch(ZcrxConnection connection)
    {
        if (_watched.Add(connection.Id))
        {
            _ = connection.Closed.PipeTo(Self, success: () => new Gone(connection.Id), failure: _ => new Gone(connection.Id));
        }
    }

    private void OnGone(long connection)
    {
        _watched.Remove(connection);
        _machine.Forget(connection);
        _state.Forget(connection);
        foreach (IActorRef steering in _steering.Values)
        {
            steering.Tell(new SteeringActor.Release(connection));
        }

        ConsiderFinished();
    }

    private void OnFinish()
    {
        _isResting = _isFinishing = true;
        Timers.CancelAll();
        ConsiderFinished();
    }

    /// <summary>Undoes all steering once no action is in progress and no steered connection is open.</summary>
    /// <remarks>If steering were undone earlier, packets of open connections would arrive on another queue, and
    /// be copied or lost.</remarks>
    private void ConsiderFinished()
    {
        if (_isFinishing && !_isUndoing && !_isReading && _running.Count == 0 && _watched.Count == 0)
        {
            _isUndoing = true;
            _awaited.Clear();
            TellSteering(new SteeringActor.Undo());
            ReportFinished();
        }
    }

    private void OnUndone(IActorRef steering)
    {
        if (_awaited.Remove(steering))
        {
            ReportFinished();
        }
    }

    /// <summary>Called when a steering actor was stopped from outside. That actor undoes its changes, and sends
    /// no further answer.</summary>
    private void OnSteeringEnded(IActorRef steering)
    {
        _ended.Add(steering);
        foreach (StepRun run in _running.Values.Where(run => SteeringOf(run.Current) is { } used && used.Equals(steering)).ToArray())
        {
            OnActionDone(run.Id, isDone: false, cause: null);
        }

        OnUndone(steering);
    }

    /// <summary>Returns the steering actor that executes an action; null for a move.</summary>
    private IActorRef? SteeringOf(RebalanceAction? action) => action switch
    {
        RebalanceAction.SteerFlow steer => _steering.GetValueOrDefault(steer.Interface),
        RebalanceAction.ReplaceRssTable table => _steering.GetValueOrDefault(table.Interface),
        _ => null,
    };

    private void ReportFinished()
    {
        if (_isUndoing && _awaited.Count == 0)
        {
            Context.Parent.Tell(new Finished());
        }
    }

    private QueueSnapshot? Find(string queue) => _queues.FirstOrDefault(candidate => candidate.Value.Name == queue)?.Value;

    /// <summary>Tells the actor to make no further plan, because everything is being closed.</summary>
    public sealed record Rest : ILocalMessage;

    /// <summary>Tells the actor that everything is closed. The actor undoes all steering, and answers with
    /// <see cref="Finished"/>.</summary>
    public sealed record Finish : ILocalMessage;

    /// <summary>Reports to the supervisor that all steering is undone, or that the failure to undo it was reported.</summary>
    public sealed record Finished : ILocalMessage;

    private sealed record Tick : ILocalMessage;

    private sealed record Read(RebalancingReading? Reading, Exception? Cause) : ILocalMessage;

    private sealed record ActionDone(long Run, bool IsDone, Exception? Cause) : ILocalMessage;

    private sealed record Gone(long Connection) : ILocalMessage;
}
