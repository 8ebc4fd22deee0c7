using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit;
using Zcrx.Actors;
using Zcrx.Actors.Messages;
using Zcrx.Actors.Queues;
using Zcrx.Actors.Supervision;
using Zcrx.Rx;

namespace Zcrx.Simulation;

/// <summary>
/// Represents the real actor tree, which opens, restarts and stops the queues of a simulation. All actors run on the calling thread, and
/// their timers follow the virtual time.
/// </summary>
internal sealed class SimulatedTree : IDisposable
{
    private static readonly Config Configuration = ConfigurationFactory.ParseString("""
        akka {
          loggers = []
          logger-async-start = on
          loglevel = OFF
          stdout-loglevel = OFF
          log-dead-letters = off
          log-dead-letters-during-shutdown = off
          scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
          coordinated-shutdown {
            run-by-clr-shutdown-hook = off
            run-by-actor-system-terminate = off
          }
          actor {
            default-dispatcher { type = "Zcrx.Simulation.SimulatedDispatcherConfigurator, Zcrx.Simulation", executor = "", throughput = 1 }
            internal-dispatcher { type = "Zcrx.Simulation.SimulatedDispatcherConfigurator, Zcrx.Simulation", executor = "", throughput = 1 }
          }
        }
        """);

    private readonly SimulatedWorld _world;
    private readonly ZcrxOptions _options = new() { Rebalancing = { Enabled = false } };
    private readonly ZcrxTree _tree;
    private readonly ActorSystem _system;
    private readonly TestScheduler _scheduler;
    private readonly IActorRef _supervisor;
    private TimeSpan _time;
    private bool _mayEndConnections;

    public SimulatedTree(SimulatedWorld world)
    {
        _world = world;
        Log = new TreeLog(world);
        for (int i = 0; i < world.Profile.Queues; i++)
        {
            _options.Queues.Add(world.OptionsOf($"queue-{i}", exported: null));
        }

        ZcrxRestartOptions restart = _options.Restart;
        restart.MinBackoff = TimeSpan.FromMilliseconds(50);
        restart.MaxBackoff = TimeSpan.FromSeconds(5);
        // Jitter comes from Random.Shared, which no seed controls.
        restart.RandomFactor = 0;
        restart.MaxRestarts = world.Profile.MaxRestarts;
        restart.RelocateAfter = world.Profile.RelocateAfter;
        restart.WhenGivenUp = world.Profile.WhenGivenUp;
        QueueDirectory directory = new();
        _tree = new ZcrxTree(_options, directory, world.Clock);
        _system = ActorSystem.Create("simulation", Configuration);
        _scheduler = (TestScheduler)_system.Scheduler;
        _system.ActorOf(Props.Create(() => new TreeObserver(this)), "observer");
        _supervisor = _system.ActorOf(
            ZcrxSupervisor.Create(() => new ZcrxSupervisor(_tree, new IncomingQueues(), directory, world.Clock, Log, registry: null, isAccepting: true)), "zcrx");
    }

    /// <summary>Gets the log of the actors.</summary>
    public TreeLog Log { get; }

    /// <summary>Gets a value indicating whether all queues are open.</summary>
    public bool AreOpen => _tree.Queues.All(static queue => queue.Value.State == QueueState.Open);

    /// <summary>Gets a value indicating whether each queue is open or was given up.</summary>
    public bool AreSettled => _tree.Queues.All(static queue => queue.Value.State is QueueState.Open or QueueState.Failed);

    /// <summary>Gets a value indicating whether every queue was open once. A queue that cannot be opened at the start is given up.</summary>
    public bool HaveOpened => _tree.Queues.All(static queue => queue.Value.Current is not null);

    /// <summary>Gets a value indicating whether the tree may end connections, because queues were given up.</summary>
    public bool MayEndConnections
    {
        get
        {
            bool isAny = _tree.Queues.Any(static queue => queue.Value.State == QueueState.Failed);
            _mayEndConnections |= isAny && (_options.Restart.WhenGivenUp == ZcrxEscalation.EndConnections || _tree.Queues.All(static queue => queue.Value.State == QueueState.Failed));
            return _mayEndConnections;
        }
    }

    public bool HasStopped { get; private set; }

    /// <summary>Lets the timers fire that are due.</summary>
    public void PassTime()
    {
        _ = MayEndConnections;
        TimeSpan by = _world.Clock.Elapsed - _time;
        if (by > TimeSpan.Zero)
        {
            _time += by;
            _scheduler.Advance(by);
        }
    }

    /// <summary>Returns the states of the queues, for a message.</summary>
    public string Describe() => string.Join(", ", _tree.Queues.Select(static queue => $"{queue.Value.Name} is {queue.Value.State}{(queue.Value.RestartDelay is { } delay ? $" with a delay of {delay}" : "")}"));

    /// <summary>Commands a restart.</summary>
    public void Restart(int number)
    {
        string name = NameOf(number);
        Interrupt(name);
        _supervisor.Tell(new ZcrxCommand.RestartQueue(name, TimeSpan.Zero), ActorRefs.NoSender);
    }

    /// <summary>Checks that no connection of a queue that was given up stays suspended.</summary>
    public void CheckGivenUp()
    {
        foreach (string name in _tree.Queues.Where(static queue => queue.Value.State == QueueState.Failed).Select(static queue => queue.Value.Name))
        {
            if (_world.Queues.FindLast(queue => queue.Loop.Options.Name == name)?.Host.Suspended is { Count: > 0 and var count })
            {
                throw _world.Fail($"{name} was given up, but {count} of its connections stay suspended: {Describe()}");
            }
        }
    }

    /// <summary>Commands a restart of every queue that was given up.</summary>
    public void RestartFailed()
    {
        for (int i = 0; i < _tree.Queues.Length; i++)
        {
            if (_tree.Queues[i].Value.State == QueueState.Failed)
            {
                Restart(i);
            }
        }
    }

    /// <summary>Kills the actor of the open queue, or the actor that supervises it.</summary>
    public void Kill(int number, bool supervisor)
    {
        Interrupt(NameOf(number));
        string actor = $"/user/zcrx/queue-{number % _tree.Queues.Length}";
        _system.ActorSelection(supervisor ? actor : $"{actor}/incarnation").Tell(Akka.Actor.Kill.Instance, ActorRefs.NoSender);
    }

    public string NameOf(int number) => _tree.Queues[number % _tree.Queues.Length].Value.Name;

    public void Stop() => _supervisor.Tell(new ZcrxCommand.Stop(TimeSpan.FromSeconds(1)), ActorRefs.NoSender);

    public void Dispose() => _ = _system.Terminate();

    /// <summary>Records that the owner of a queue ends it.</summary>
    private void Interrupt(string name)
    {
        foreach (SimulatedQueue queue in _world.LiveQueues.Where(queue => queue.Loop.Options.Name == name))
        {
            queue.IsEnding = true;
        }
    }

    private void OnEvent(ZcrxEvent happened)
    {
        switch (happened)
        {
            case ZcrxEvent.QueueOpened opened:
                _world.Log.AddEvent($"the actor of {opened.Queue} has opened it");
                if (_tree.Queues.Single(queue => queue.Value.Name == opened.Queue).Value.Current is { } current)
                {
                    _world.Queues.Find(queue => queue.Loop == current.Loop)?.Follow(current);
                }

                break;
            case ZcrxEvent.QueueRestarting restarting:
                _world.Log.AddEvent($"the actor of {restarting.Queue} restarts it in {restarting.Delay.TotalMilliseconds} ms: {restarting.Cause.GetType().Name}");
                break;
            case ZcrxEvent.QueueFailed failed:
                _world.Log.AddEvent($"the actor of {failed.Queue} gives it up: {failed.Reason}");
                break;
            case ZcrxEvent.ConnectionsContinued continued:
                _world.Log.AddEvent($"{continued.Connections} connections of {continued.Queue} continue on {string.Join(", ", continued.Targets)}");
                break;
            case ZcrxEvent.Stopped:
                HasStopped = true;
                break;
            default:
                _world.Log.AddEvent($"the tree publishes {happened.GetType().Name}");
                break;
        }
    }

    /// <summary>Records the events of the tree.</summary>
    private sealed class TreeObserver : ReceiveActor
    {
        public TreeObserver(SimulatedTree tree)
        {
            Context.System.EventStream.Subscribe(Self, typeof(ZcrxEvent));
            Receive<ZcrxEvent>(tree.OnEvent);
        }
    }
}
