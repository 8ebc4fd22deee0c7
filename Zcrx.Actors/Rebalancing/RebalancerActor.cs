using Akka.Actor;
using Zcrx.Actors.Logging;
using Zcrx.Actors.Supervision;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Rebalancing;

/// <summary>Watches the queues' counters, asks where connections arrive when it matters, plans, and has it carried out.</summary>
/// <remarks>What may take system calls or wait for ring threads runs on the thread pool, one round at a time; its results come back as messages.</remarks>
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
        Receive<Rest>(_ => _rests = true);
        Receive<ZcrxCommand>(static command => Context.Parent.Forward(command));
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
            if (_options.Steering != FlowSteeringPermission.Forbidden && _runtime.Queues.Any(static slot => slot.Options is { Interface: not null, Engine: not ZcrxEngine.Emulated }))
            {
                _ = Task.Run(CleanUp);
            }

            Timers.StartPeriodicTimer(this, new Tick(), _options.SampleInterval);
        }
    }

    /// <summary>What an earlier process that died has left would send packets into queues that are not there any more.</summary>
    private void CleanUp()
    {
        try
        {
            _runtime.Steering.Open();
        }
        catch (ZcrxException exception)
        {
            ZcrxLog.NoJournal(_runtime.Logger, exception);
        }
    }

    protected override void PostStop()
    {
        Context.System.EventStream.Unsubscribe(Self);
        _moves?.Dispose();
        // At the very end, when the last connection is closed: what arrived elsewhere before that would have been copied, or lost.
        _steering.UndoAll(
            action => _report.Publish(new RebalanceEvent.Unsteered(action)),
            (action, exception) => _report.Publish(new RebalanceEvent.Failed(action, exception)));
        _runtime.Rebalancing.RulesInPlace(0);
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
        if (message.Reading is not { } reading)
        {
            _report.CannotRead(message.Cause!);
            return;
        }

        if (_rests)
        {
            return;
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
            _ = Task.Run(() => execution.Run(permitted));
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
            case RebalanceEvent.Failed { Action: RebalanceAction.SteerFlow refused, Cause: ZcrxException }:
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
            IActorRef self = Self;
            _ = connection.Closed.ContinueWith(_ => self.Tell(new Gone(connection.Id)), TaskScheduler.Default);
        }
    }

    private void OnGone(Gone message)
    {
        _watched.Remove(message.Connection);
        _machine.Forget(message.Connection);
        _runtime.Rebalancing.Recover(message.Connection);
        IActorRef self = Self;
        _ = Task.Run(() => RebalancingExecution.Unsteer(message.Connection, _steering, done => self.Tell(done)));
    }

    /// <summary>To the actor: everything is being closed; plan nothing more.</summary>
    public sealed record Rest;

    private sealed record Tick;

    private sealed record Read(RebalancingReading? Reading, Exception? Cause);

    private sealed record Gone(long Connection);
}
