using Akka.Actor;
using Zcrx.Actors.Logging;
using Zcrx.Actors.Messages;
using Zcrx.Actors.Supervision;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Rebalancing;

/// <summary>Watches the queues' counters, asks where connections arrive when it matters, plans, and has it carried out.</summary>
/// <remarks>
/// What may take system calls or wait for ring threads runs on the thread pool. Each such task ends in a message, also when it fails. That
/// includes undoing: <see cref="Finish"/> begins it, and <see cref="Finished"/> reports it to the supervisor. An actor that ends in any
/// other way leaves it to the runtime (<see cref="ZcrxRuntime.Undo"/>); the next one begins when that is done.
/// </remarks>
internal sealed class RebalancerActor : ReceiveActor, IWithTimers
{
    private readonly ZcrxRuntime _runtime;
    private readonly ZcrxRebalancingOptions _options;
    private readonly RebalanceMachine _machine;
    private readonly Steering _steering = new();
    private readonly RebalancingReport _report;
    // Those that have a flow rule or are degraded: their ends matter.
    private readonly HashSet<long> _watched = [];
    private IDisposable? _moves;
    private bool _isReading;
    private bool _rests;
    private bool _isUndone;
    private int _tasks;

    public RebalancerActor(ZcrxRuntime runtime)
    {
        _runtime = runtime;
        _options = runtime.Options.Rebalancing;
        _machine = new RebalanceMachine(_options);
        _report = new RebalancingReport(runtime, Context.System.EventStream);
        Receive<Tick>(_ => OnTick());
        Receive<ZcrxEvent.NotificationReceived>(OnNotification);
        Receive<Read>(OnRead);
        Receive<RebalanceEvent>(OnDone);
        Receive<Gone>(OnGone);
        Receive<Done>(OnTaskDone);
        Receive<Ready>(OnReady);
        Receive<Rest>(_ => _rests = true);
        Receive<Finish>(_ => OnFinish());
        Receive<Undone>(OnUndone);
        Receive<ZcrxCommand>(static command => Context.Parent.Forward(command));
        Receive<RemoteCommand>(static command => Context.Parent.Forward(command));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => _runtime.Time.GetElapsedTime(0);

    protected override void PreStart()
    {
        IActorRef self = Self;
        _moves = _runtime.Group.Moves.Subscribe(moved => self.Tell(new RebalanceEvent.Moved(moved.Connection.Id, moved.From, moved.To, moved.Reason)));
        if (_options.Enabled)
        {
            Context.System.EventStream.Subscribe(Self, typeof(ZcrxEvent.NotificationReceived));
            // What an earlier process or actor has changed is undone first.
            _tasks++;
            _ = CleanUpAsync().PipeTo(
                Self, success: () => new Ready(new Done(this, null)), failure: cause => new Ready(new Done(this, cause)));
        }
    }

    private async Task CleanUpAsync()
    {
        await _runtime.Undone.ConfigureAwait(false);
        string[] interfaces = [.. _runtime.Queues.Select(static slot => slot.Options).Where(static options => options.Engine != ZcrxEngine.Emulated).Select(static options => options.Interface).OfType<string>().Distinct()];
        if (_options.Steering != FlowSteeringPermission.Forbidden && interfaces.Length > 0)
        {
            await Task.Run(() => OpenJournal(interfaces)).ConfigureAwait(false);
        }
    }

    /// <summary>A container's interface is steered by its host, so that nothing is written down in the container, whose file system may be read-only.</summary>
    private bool IsSteeredByHost(string networkInterface)
    {
        try
        {
            return (_options.NicFacts ?? new NetlinkNicFacts()).Read(networkInterface).IsNetkit;
        }
        catch (ZcrxException)
        {
            // Opening its queues reports what is wrong with it.
            return false;
        }
    }

    /// <summary>Rules of an earlier process that died would send packets into queues that no longer exist.</summary>
    private void OpenJournal(string[] interfaces)
    {
        if (interfaces.All(IsSteeredByHost))
        {
            return;
        }

        try
        {
            _runtime.Steering.Open();
        }
        catch (ZcrxException exception)
        {
            ZcrxLog.NoJournal(_runtime.Logger, exception);
        }
    }

    private void OnReady(Ready message)
    {
        OnTaskDone(message.Done);
        if (!_rests)
        {
            Timers.StartPeriodicTimer(this, new Tick(), _options.SampleInterval);
        }
    }

    protected override void PostStop()
    {
        Context.System.EventStream.Unsubscribe(Self);
        _moves?.Dispose();
        if (!_isUndone)
        {
            _runtime.Undo(_steering, _report);
        }
    }

    /// <summary>Undoes everything after the last connection is closed. Packets that arrived on another queue before would have been copied,
    /// or lost.</summary>
    private void OnFinish()
    {
        _rests = true;
        Timers.CancelAll();
        _ = Task.Run(_steering.UndoAll)
            .PipeTo(Self, success: static events => new Undone(events, null), failure: static cause => new Undone([], cause));
    }

    private void OnUndone(Undone message)
    {
        _isUndone = true;
        foreach (RebalanceEvent happened in message.Events)
        {
            _report.Publish(happened);
        }

        Report(message.Fault);
        _runtime.Rebalancing.RulesInPlace(_steering.Rules);
        ConsiderFinished();
    }

    /// <summary>Every queue and connection is closed, so what is still on its way here arrives soon; afterwards nothing does.</summary>
    private void ConsiderFinished()
    {
        if (_isUndone && _tasks == 0 && !_isReading && _watched.Count == 0)
        {
            Context.Parent.Tell(new Finished());
        }
    }

    /// <summary>Lets a task on the thread pool end in a message. Its results come as messages of their own.</summary>
    private void Run(Func<Task> work)
    {
        _tasks++;
        _ = Task.Run(work).PipeTo(Self, success: () => new Done(this, null), failure: cause => new Done(this, cause));
    }

    private void OnTaskDone(Done message)
    {
        // A task of the actor before a restart is not counted here.
        if (message.Owner == this)
        {
            _tasks--;
        }

        Report(message.Fault);
        ConsiderFinished();
    }

    private void Report(Exception? fault)
    {
        if (fault is not null)
        {
            _report.Publish(new RebalanceEvent.Faulted(fault));
        }
    }

    private void OnTick()
    {
        foreach (QueueSlot slot in _runtime.Queues)
        {
            Sample(slot);
        }

        QueueSlot[] slots = [.. _runtime.Queues.Where(slot => slot.IsOpen && _machine.IsOfInterest(slot.Name))];
        if (slots.Length > 0 && !_isReading && !_rests)
        {
            _isReading = true;
            _ = RebalancingReader.ReadAsync(slots, _runtime).PipeTo(Self, success: static reading => new Read(reading, null), failure: static cause => new Read(null, cause));
        }
    }

    private void Sample(QueueSlot slot)
    {
        if (!slot.IsOpen || slot.Current is not { } queue)
        {
            _machine.Forget(slot.Name);
            _report.StormEnded(slot.Name);
            return;
        }

        QueueStatistics statistics = queue.Snapshot();
        switch (_machine.Observe(Now, slot.Name, queue.RxQueue, statistics.BytesReceived, statistics.CopiedBytes, statistics.Pressure))
        {
            case StormChange.Began:
                _report.StormBegan(slot.Name, _machine.CopiedShareOf(slot.Name));
                break;
            case StormChange.Ended:
                _report.StormEnded(slot.Name);
                break;
            default:
                break;
        }
    }

    /// <summary>The kernel's hint is a sample before its time, so that a storm is seen sooner.</summary>
    private void OnNotification(ZcrxEvent.NotificationReceived received)
    {
        if (received.Notification.Type == ZcrxNotificationType.Copy && _runtime.Queues.FirstOrDefault(slot => slot.Name == received.Notification.Queue) is { } slot)
        {
            Sample(slot);
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

        if (_rests)
        {
            return;
        }

        foreach (string name in reading.HostSteered)
        {
            if (_machine.LeaveSteeringToHost(name))
            {
                _report.SteeredByHost(name);
            }
        }

        TimeSpan now = Now;
        _machine.KeepOnly(now, reading.Connections.Keys.ToHashSet());
        RebalancePlan plan = _machine.Plan(now, reading.Readings, reading.Tables);
        foreach (ConnectionReading connection in reading.Readings)
        {
            if (connection.Arrival is { } arrival && _runtime.Queues.FirstOrDefault(slot => slot.Name == connection.Queue)?.Current?.RxQueue == arrival)
            {
                _report.Recovered(connection.Id);
            }
        }

        foreach ((long id, string why) in plan.Degraded)
        {
            ZcrxConnection connection = reading.Connections[id];
            _report.Degraded(new DegradedConnection(id, connection.QueueName, connection.RemoteEndPoint, why));
            Watch(connection);
        }

        RebalanceStep[] permitted = [.. plan.Steps.Where(IsPermitted)];
        if (permitted.Length > 0)
        {
            foreach (RebalanceAction.SteerFlow steer in permitted.SelectMany(static step => step.Actions).OfType<RebalanceAction.SteerFlow>())
            {
                Watch(reading.Connections[steer.ConnectionId]);
            }

            IActorRef self = Self;
            RebalancingExecution execution = new(_runtime, reading, _steering, done => self.Tell(done));
            Run(() => execution.RunAsync(permitted));
        }
    }

    /// <summary>A step is done as a whole or not at all.</summary>
    private bool IsPermitted(RebalanceStep step)
    {
        foreach (RebalanceAction action in step.Actions)
        {
            Exception? thrown = null;
            try
            {
                if (_options.Permit?.Invoke(action) ?? true)
                {
                    continue;
                }
            }
#pragma warning disable CA1031 // Whoever cannot say yes says no.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                thrown = exception;
            }

            _report.Vetoed(action, thrown);
            return false;
        }

        return true;
    }

    private void OnDone(RebalanceEvent done)
    {
        switch (done)
        {
            case RebalanceEvent.Steered { Action: RebalanceAction.SteerFlow steer } when _watched.Contains(steer.ConnectionId):
                _machine.Steered(steer.ConnectionId, new RxQueueId(steer.Interface, steer.Rule.Queue));
                break;
            case RebalanceEvent.Failed { Action: RebalanceAction.SteerFlow refused, Cause: not null }:
                // No room, or no such thing: whoever comes next would be refused as well.
                _machine.RefusesRules(refused.Interface);
                break;
            default:
                break;
        }

        _report.Publish(done);
        _runtime.Rebalancing.RulesInPlace(_steering.Rules);
    }

    private void Watch(ZcrxConnection connection)
    {
        if (_watched.Add(connection.Id))
        {
            _ = connection.Closed.PipeTo(Self, success: () => new Gone(connection.Id), failure: _ => new Gone(connection.Id));
        }
    }

    private void OnGone(Gone message)
    {
        _watched.Remove(message.Connection);
        _machine.Forget(message.Connection);
        _runtime.Rebalancing.Recover(message.Connection);
        IActorRef self = Self;
        Run(() =>
        {
            RebalancingExecution.Unsteer(message.Connection, _steering, done => self.Tell(done));
            return Task.CompletedTask;
        });
    }

    /// <summary>To the actor: everything is being closed; plan nothing more.</summary>
    public sealed record Rest : ILocalMessage;

    /// <summary>To the actor: everything is closed; undo what was steered, and answer with <see cref="Finished"/>.</summary>
    public sealed record Finish : ILocalMessage;

    /// <summary>To the supervisor: everything that was steered is undone, or reported as what could not be.</summary>
    public sealed record Finished : ILocalMessage;

    private sealed record Tick : ILocalMessage;

    private sealed record Read(RebalancingReading? Reading, Exception? Cause) : ILocalMessage;

    private sealed record Gone(long Connection) : ILocalMessage;

    private sealed record Done(RebalancerActor Owner, Exception? Fault) : ILocalMessage;

    private sealed record Ready(Done Done) : ILocalMessage;

    private sealed record Undone(IReadOnlyList<RebalanceEvent> Events, Exception? Fault) : ILocalMessage;
}
