using System.Net;
using Zcrx.Actors.Rebalancing;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Rebalancing;

/// <summary>
/// Models a NIC, queues and connections as numbers. It executes the plans of the rebalancer, and gives it samples of their effects.
/// </summary>
internal sealed class RebalancingWorld
{
    private const int Buckets = 16;
    private const string Nic = "eth0";

    private readonly WorldSetup _setup;
    private readonly Random _random;
    private readonly RebalanceMachine _machine;
    private readonly Dictionary<int, (long Received, long Copied)> _counters = [];
    private readonly Dictionary<long, TimeSpan> _lastAction = [];
    private readonly int[] _table = new int[Buckets];
    private readonly List<Flow> _flows = [];
    private TimeSpan _now;

    public RebalancingWorld(WorldSetup setup)
    {
        _setup = setup;
        _random = new Random(setup.Seed);
        _machine = new RebalanceMachine(setup.Options);
        for (int i = 0; i < setup.Ours; i++)
        {
            _counters[i] = default;
        }

        Scramble();
        for (int i = 0; i < setup.Connections; i++)
        {
            Open();
        }
    }

    /// <summary>Gets the number of actions in the last interval.</summary>
    public int LastActions { get; private set; }

    /// <summary>Gets the connections that were degraded since this set was last cleared.</summary>
    public HashSet<long> Degraded { get; } = [];

    /// <summary>
    /// Applies a random change from outside: to the RSS table, to the set of connections, or to the load of a connection.
    /// </summary>
    public void Disturb()
    {
        switch (_random.Next(6))
        {
            case 0 or 1:
                Scramble();
                break;
            case 2 when _flows.Count > 0:
                Flow gone = _flows[_random.Next(_flows.Count)];
                _flows.Remove(gone);
                _machine.Forget(gone.Id);
                break;
            case 3:
                Open();
                break;
            case 4 when _flows.Count > 0:
                _flows[_random.Next(_flows.Count)].Load = AnyLoad();
                break;
            default:
                break;
        }
    }

    /// <summary>Runs one interval. The connections receive, the queues are sampled, and a plan is made and executed.</summary>
    public void Step()
    {
        _now += _setup.Options.SampleInterval;
        Receive();
        for (int i = 0; i < _setup.Ours; i++)
        {
            _machine.Observe(_now, Name(i), RxQueue(i), _counters[i].Received, _counters[i].Copied, IsPressed(i) ? PoolPressureLevel.High : PoolPressureLevel.Normal);
        }

        ConnectionReading[] readings = [.. _flows
            .Where(flow => _machine.IsOfInterest(Name(flow.Queue)))
            .Select(flow => new ConnectionReading(
                flow.Id, Name(flow.Queue), flow.Received, _setup.HasNic ? new RxQueueId(Nic, Arrival(flow)) : null, new IPEndPoint(IPAddress.Loopback, 9000), new IPEndPoint(IPAddress.Loopback, (int)flow.Id)))];
        RebalancePlan plan = _machine.Plan(_now, readings, new Dictionary<string, IReadOnlyList<int>> { [Nic] = [.. _table] });
        Assert.InRange(plan.Actions.Count(), 0, _setup.Options.MaxActionsPerInterval);
        LastActions = plan.Actions.Count();
        Degraded.UnionWith(plan.Degraded.Keys);
        foreach (RebalanceStep step in plan.Steps)
        {
            CarryOut(step);
        }
    }

    /// <summary>Returns the copied fraction of the bytes that a queue currently receives.</summary>
    public double CopiedShare(int queue)
    {
        double all = _flows.Where(flow => flow.Queue == queue).Sum(static flow => flow.Load);
        return all == 0 ? 0 : CopiedFlows(queue).Sum(static flow => flow.Load) / all;
    }

    public IEnumerable<long> Copied(int queue) => CopiedFlows(queue).Where(static flow => flow.Load > 0).Select(static flow => flow.Id);

    public double Received(int queue) => _flows.Where(flow => flow.Queue == queue).Sum(static flow => flow.Load);

    public override string ToString() => string.Join("; ", _flows.Select(flow => $"{flow.Id} on {flow.Queue} from {Arrival(flow)} with {flow.Load}"));

    private static string Name(int queue) => $"q{queue}";

    private static int Index(string name) => int.Parse(name.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture);

    private RxQueueId? RxQueue(int queue) => _setup.HasNic ? new RxQueueId(Nic, queue) : null;

    /// <summary>Determines whether an RX queue is managed. The first RX queues are managed, the others are not.</summary>
    private bool IsOurs(int rxQueue) => rxQueue < _setup.Ours;

    private bool IsPressed(int queue) => Received(queue) > _setup.Capacity;

    private int Arrival(Flow flow) => flow.Rule ?? _table[flow.Id % Buckets];

    private IEnumerable<Flow> CopiedFlows(int queue) => _flows.Where(flow => flow.Queue == queue && Arrival(flow) != queue);

    private void Receive()
    {
        foreach (Flow flow in _flows)
        {
            if (_setup.HasNic && flow.Load > 0 && IsOurs(Arrival(flow)))
            {
                // Payload in the memory of another managed queue moves the connection to that queue. This move needs no permission.
                flow.Queue = Arrival(flow);
            }

            long bytes = (long)(flow.Load * _setup.Options.SampleInterval.TotalSeconds);
            flow.Received += bytes;
            (long received, long copied) = _counters[flow.Queue];
            _counters[flow.Queue] = (received + bytes, copied + (!_setup.HasNic || Arrival(flow) != flow.Queue ? bytes : 0));
        }
    }

    private void CarryOut(RebalanceStep step)
    {
        bool first = true;
        foreach (RebalanceAction action in step.Actions)
        {
            if (RebalanceMachine.ConnectionOf(action) is { } id && first)
            {
                Assert.True(!_lastAction.TryGetValue(id, out TimeSpan last) || _now - last >= _setup.Options.CoolDown, "a connection is left alone for a while");
                _lastAction[id] = _now;
                first = false;
            }

            switch (action)
            {
                case RebalanceAction.MoveConnection move:
                    Move(move, step);
                    break;
                case RebalanceAction.SteerFlow steer:
                    Assert.NotEqual(FlowSteeringPermission.Forbidden, _setup.Options.Steering);
                    Assert.True(IsOurs(steer.Rule.Queue));
                    Find(steer.ConnectionId).Rule = _setup.RulesWork ? steer.Rule.Queue : null;
                    _machine.Steered(steer.ConnectionId, new RxQueueId(steer.Interface, steer.Rule.Queue));
                    break;
                case RebalanceAction.ReplaceRssTable table:
                    Assert.Equal(FlowSteeringPermission.RssTable, _setup.Options.Steering);
                    Assert.All(table.Table.Zip(_table), pair => Assert.True(IsOurs(pair.First) && (pair.First == pair.Second || !IsOurs(pair.Second))));
                    table.Table.ToArray().CopyTo(_table, 0);
                    break;
                default:
                    Assert.Fail("an unknown action");
                    break;
            }
        }
    }

    private void Move(RebalanceAction.MoveConnection move, RebalanceStep step)
    {
        Assert.True(_setup.Options.AllowMoves);
        Flow flow = Find(move.ConnectionId);
        Assert.Equal(Name(flow.Queue), move.From);
        int target = Index(move.To);
        Assert.NotEqual(flow.Queue, target);
        bool arrivesThere = Arrival(flow) == target || step.Actions.OfType<RebalanceAction.SteerFlow>().Any(steer => steer.Rule.Queue == target);
        // A move must be an improvement: on the target, the payload is not copied or the load is lower.
        Assert.True(arrivesThere || (!_setup.HasNic && Received(target) + flow.Load < Received(flow.Queue)), "the move improves nothing");
        if (move.Reason == MoveReason.Pressure)
        {
            Assert.True(Received(target) + flow.Load < Received(flow.Queue) && !IsPressed(target));
        }

        flow.Queue = target;
    }

    private Flow Find(long id) => _flows.Single(flow => flow.Id == id);

    private void Scramble()
    {
        for (int i = 0; i < Buckets; i++)
        {
            _table[i] = _random.Next(_setup.RxQueues);
        }
    }

    private long _lastId;

    private void Open()
    {
        Flow flow = new(++_lastId) { Load = AnyLoad() };
        flow.Queue = _setup.HasNic && IsOurs(Arrival(flow)) ? Arrival(flow) : _random.Next(_setup.Ours);
        _flows.Add(flow);
    }

    private double AnyLoad() => new[] { 0, 100_000, 1_000_000, 1_000_000, 5_000_000, 40_000_000 }[_random.Next(6)];

    private sealed class Flow(long id)
    {
        public long Id => id;

        public int Queue { get; set; }

        public double Load { get; set; }

        public long Received { get; set; }

        public int? Rule { get; set; }
    }
}
