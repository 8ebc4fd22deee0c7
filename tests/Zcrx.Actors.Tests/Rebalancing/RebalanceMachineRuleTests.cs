using System.Net;
using Zcrx.Actors.Rebalancing;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Rebalancing;

/// <summary>Tests single rules of the rebalancer's decisions. RX queues 0 and 1 of eth0 are managed. RX queue 3 is unmanaged.</summary>
public class RebalanceMachineRuleTests
{
    private const long SampleBytes = 1L << 40;

    private static readonly IPEndPoint Local = IPEndPoint.Parse("192.0.2.1:9000");

    private readonly ZcrxRebalancingOptions _options = new() { Steering = FlowSteeringPermission.FlowRules };
    private TimeSpan _now;
    private long _received;

    [Fact]
    public void Plan_without_known_loads_is_empty()
    {
        RebalanceMachine machine = Stormy();
        Assert.Empty(machine.Plan(_now, Readings(1, 1), Tables).Actions);
        Next(machine);
        Assert.NotEmpty(machine.Plan(_now, Readings(1, 1), Tables).Actions);
    }

    [Fact]
    public void Plan_within_the_cool_down_is_empty()
    {
        RebalanceMachine machine = Ready(connections: 8, arrival: 1);
        Assert.NotEmpty(machine.Plan(_now, Readings(4, 1), Tables).Actions);
        Next(machine);
        // Uses connections that are not part of the first plan, so that only the cool-down of the queue prevents a plan.
        Assert.Empty(machine.Plan(_now, [.. Readings(8, 1).Skip(4)], Tables).Actions);
        _now += _options.CoolDown;
        Next(machine);
        Assert.NotEmpty(machine.Plan(_now, [.. Readings(8, 1).Skip(4)], Tables).Actions);
    }

    [Fact]
    public void Plan_for_an_interface_that_has_refused_a_rule_adds_no_rule()
    {
        RebalanceMachine machine = Ready(connections: 2, arrival: 3);
        machine.RefusesRules("eth0");
        Assert.Empty(machine.Plan(_now, Readings(2, 3), Tables).Actions.OfType<RebalanceAction.SteerFlow>());
    }

    [Fact]
    public void Rules_in_place_never_exceed_the_limit()
    {
        ZcrxRebalancingOptions options = new() { Steering = FlowSteeringPermission.FlowRules, MaxFlowRules = 2, MaxActionsPerInterval = 100 };
        RebalanceMachine machine = Ready(connections: 5, arrival: 3, options);
        RebalanceAction.SteerFlow[] steers = [.. machine.Plan(_now, Readings(5, 3), Tables).Actions.OfType<RebalanceAction.SteerFlow>()];
        Assert.Equal(2, steers.Length);
        foreach (RebalanceAction.SteerFlow steer in steers)
        {
            machine.Steered(steer.ConnectionId, new RxQueueId(steer.Interface, steer.Rule.Queue));
        }

        Assert.Empty(SteersAfterCoolDown(machine));
        // A second rule of the same connection replaces the first one.
        machine.Steered(steers[0].ConnectionId, new RxQueueId("eth0", 1));
        Assert.Empty(SteersAfterCoolDown(machine));
        machine.Forget(steers[0].ConnectionId);
        Assert.Single(SteersAfterCoolDown(machine));
    }

    [Fact]
    public void KeepOnly_forgets_closed_connections_and_keeps_those_that_rest_or_have_a_rule()
    {
        RebalanceMachine machine = Ready(connections: 2, arrival: 1);
        machine.KeepOnly(_now, new HashSet<long> { 2 });
        Next(machine);
        // The machine has removed the first connection, so the load of this connection is unknown again.
        Assert.Equal([2], machine.Plan(_now, Readings(2, 1), Tables).Actions.Select(static action => RebalanceMachine.ConnectionOf(action)!.Value));
    }

    [Fact]
    public void Forget_of_a_queue_discards_its_copied_share()
    {
        RebalanceMachine machine = Stormy();
        Assert.True(machine.IsOfInterest("a"));
        Assert.True(machine.CopiedShareOf("a") > 0.9);
        machine.Forget("a");
        Assert.False(machine.IsOfInterest("a"));
        Assert.Equal(0, machine.CopiedShareOf("a"));
    }

    [Fact]
    public void Queue_on_another_RX_queue_is_observed_from_the_beginning()
    {
        RebalanceMachine machine = Stormy();
        _now += TimeSpan.FromSeconds(1);
        Assert.Equal(StormChange.None, machine.Observe(_now, "a", new RxQueueId("eth0", 2), _received, _received, PoolPressureLevel.Normal));
        Assert.False(machine.IsOfInterest("a"));
        Assert.Equal(0, machine.CopiedShareOf("a"));
    }

    [Fact]
    public void Unknown_queue_is_of_no_interest_and_copies_nothing()
    {
        RebalanceMachine machine = Stormy();
        Assert.False(machine.IsOfInterest("x"));
        Assert.Equal(0, machine.CopiedShareOf("x"));
    }

    [Fact]
    public void Interface_of_a_container_is_recorded_once_and_gets_no_rule()
    {
        RebalanceMachine machine = Ready(connections: 1, arrival: 3);
        Assert.True(machine.LeaveSteeringToHost("eth0"));
        Assert.False(machine.LeaveSteeringToHost("eth0"));
        RebalancePlan plan = machine.Plan(_now, Readings(1, 3), Tables);
        Assert.Empty(plan.Actions);
        Assert.Contains("host of this container", plan.Degraded[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void RSS_table_is_replaced_only_if_it_is_known(bool isKnown)
    {
        ZcrxRebalancingOptions options = new() { Steering = FlowSteeringPermission.RssTable, MaxFlowRules = 0 };
        RebalanceMachine machine = Ready(connections: 1, arrival: 3, options);
        RebalancePlan plan = machine.Plan(_now, Readings(1, 3), isKnown ? Tables : new() { ["eth1"] = [3] });
        Assert.Equal(isKnown ? ["eth0"] : [], plan.Actions.OfType<RebalanceAction.ReplaceRssTable>().Select(static action => action.Interface));
        Assert.Equal(isKnown ? 0 : 1, plan.Degraded.Count);
    }

    [Fact]
    public void Plan_keeps_the_options()
    {
        RebalanceMachine machine = Ready(connections: 3, arrival: 1, new ZcrxRebalancingOptions { AllowMoves = false });
        Assert.Empty(machine.Plan(_now, Readings(3, 1), Tables).Actions);
        machine = Ready(connections: 3, arrival: 1, new ZcrxRebalancingOptions { MaxActionsPerInterval = 2 });
        Assert.Equal(2, machine.Plan(_now, Readings(3, 1), Tables).Actions.Count());
        machine = Ready(connections: 1, arrival: 3, new ZcrxRebalancingOptions { Steering = FlowSteeringPermission.Forbidden });
        Assert.Empty(machine.Plan(_now, Readings(1, 3), Tables).Actions);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(1)]
    public void Connection_rests_on_every_queue_until_the_cool_down_is_over(int arrival)
    {
        RebalanceMachine machine = Ready(connections: 1, arrival);
        Assert.Equal([1L], Connections(machine.Plan(_now, Readings(1, arrival), Tables)));
        TimeSpan acted = _now;
        // The connection is now on queue b, whose cool-down has not begun.
        for (int i = 0; i <= _options.StormSamples; i++)
        {
            Next(machine, isStormy: true);
        }

        Assert.Empty(machine.Plan(_now, ReadingsOf("b", 1, arrival: 0), Tables).Actions);
        _now = acted + _options.CoolDown - TimeSpan.FromSeconds(1);
        Next(machine);
        Assert.Equal(acted + _options.CoolDown, _now);
        Assert.Equal([1L], Connections(machine.Plan(_now, Readings(1, arrival), Tables)));
    }

    [Fact]
    public void Pressure_alone_moves_the_connection_whose_current_load_is_half_of_the_difference()
    {
        RebalanceMachine machine = new(_options);
        Press(machine, _options.PressureSamples);
        // The first connection has received the most bytes since the start, but few in the last second. The second one receives half of the
        // load of the queue. The third one receives too much to be moved.
        machine.Plan(_now, Pressed(1_000_000_000, 5000, 0), Tables);
        Press(machine, 1);
        RebalancePlan plan = machine.Plan(_now, Pressed(1_000_000_100, 5000 + 500, 950), Tables);
        Assert.Equal([new RebalanceAction.MoveConnection(2, "p", "q", MoveReason.Pressure)], plan.Actions);
        // In the cool-down of the queue, no other connection may be moved.
        Press(machine, 1);
        Assert.Empty(machine.Plan(_now, Pressed(1_000_000_600, 5500, 950), Tables).Actions);
        Press(machine, (int)_options.CoolDown.TotalSeconds);
        Assert.Equal([1L], Connections(machine.Plan(_now, Pressed(1_000_000_600 + 4500, 5500, 950), Tables)));
    }

    [Fact]
    public void Second_reading_at_the_same_time_gives_no_load()
    {
        RebalanceMachine machine = Stormy();
        machine.Plan(_now, Readings(1, 1), Tables);
        Assert.Empty(machine.Plan(_now, [new ConnectionReading(1, "a", long.MaxValue, new RxQueueId("eth0", 1))], Tables).Actions);
        Next(machine);
        Assert.NotEmpty(machine.Plan(_now, Readings(1, 1), Tables).Actions);
    }

    [Fact]
    public void KeepOnly_keeps_a_closed_connection_with_a_rule_or_within_its_cool_down()
    {
        RebalanceMachine machine = Ready(connections: 3, arrival: 1);
        // Of the three connections, only the first two get an action. The first one also gets a rule.
        Assert.Equal([1L, 2], Connections(machine.Plan(_now, Readings(2, 1), Tables)).Order());
        machine.Steered(1, new RxQueueId("eth0", 1));
        TimeSpan end = _now + _options.CoolDown;
        machine.KeepOnly(end - TimeSpan.FromTicks(1), new HashSet<long>());
        _now = end - TimeSpan.FromSeconds(1);
        Next(machine);
        // KeepOnly has removed the third connection, so its load is unknown.
        Assert.Equal([1L, 2], Connections(machine.Plan(_now, Readings(3, 1), Tables)).Order());

        machine.KeepOnly(_now + _options.CoolDown, new HashSet<long>());
        _now += _options.CoolDown - TimeSpan.FromSeconds(1);
        Next(machine);
        Assert.Equal([1L], Connections(machine.Plan(_now, Readings(3, 1), Tables)));
    }

    [Fact]
    public void Forgotten_connection_has_no_known_load()
    {
        RebalanceMachine machine = Ready(connections: 2, arrival: 1);
        machine.Forget(1);
        Assert.Equal([2L], Connections(machine.Plan(_now, Readings(2, 1), Tables)));
    }

    [Fact]
    public void Removed_rule_makes_room_for_another_one()
    {
        ZcrxRebalancingOptions options = new() { MaxFlowRules = 1 };
        RebalanceMachine machine = Ready(connections: 2, arrival: 3, options);
        machine.Steered(1, new RxQueueId("eth0", 0));
        // This connection is unknown, so its rule does not count.
        machine.Steered(99, new RxQueueId("eth0", 0));
        machine.Unsteered(99);
        Assert.Empty(machine.Plan(_now, Readings(2, 3), Tables).Actions.OfType<RebalanceAction.SteerFlow>());
        machine.Unsteered(1);
        machine.Unsteered(1);
        _now += _options.CoolDown;
        Next(machine);
        Assert.Single(machine.Plan(_now, Readings(2, 3), Tables).Actions.OfType<RebalanceAction.SteerFlow>());
    }

    [Fact]
    public void ConnectionOf_names_the_connection_of_an_action()
    {
        FlowRule rule = new(0, 1, 2, Local.Address, Local.Address);
        Assert.Equal(7, RebalanceMachine.ConnectionOf(new RebalanceAction.MoveConnection(7, "a", "b", MoveReason.Pressure)));
        Assert.Equal(8, RebalanceMachine.ConnectionOf(new RebalanceAction.SteerFlow(8, "eth0", rule)));
        Assert.Null(RebalanceMachine.ConnectionOf(new RebalanceAction.ReplaceRssTable("eth0", [0])));
    }

    private static IEnumerable<long> Connections(RebalancePlan plan) =>
        plan.Actions.Select(RebalanceMachine.ConnectionOf).OfType<long>().Distinct();

    /// <summary>Observes the queues p and q, which have no NIC, once per second. The queue p is under pressure, and q is idle.</summary>
    private void Press(RebalanceMachine machine, int samples)
    {
        for (int i = 0; i < samples; i++)
        {
            _now += TimeSpan.FromSeconds(1);
            _received += 1000;
            machine.Observe(_now, "p", null, _received, _received, PoolPressureLevel.High);
            machine.Observe(_now, "q", null, 0, 0, PoolPressureLevel.Normal);
        }
    }

    private static ConnectionReading[] Pressed(params long[] received) => [.. received.Select(static (bytes, index) => new ConnectionReading(index + 1, "p", bytes, null))];

    private static Dictionary<string, IReadOnlyList<int>> Tables { get; } = new() { ["eth0"] = [0, 1, 3] };

    private RebalanceAction[] SteersAfterCoolDown(RebalanceMachine machine)
    {
        _now += _options.CoolDown;
        Next(machine);
        machine.Plan(_now, Readings(5, 3), Tables);
        _now += _options.CoolDown;
        Next(machine);
        return [.. machine.Plan(_now, Readings(5, 3), Tables).Actions.OfType<RebalanceAction.SteerFlow>()];
    }

    /// <summary>Returns a machine that knows the loads of the connections of a stormy queue.</summary>
    private RebalanceMachine Ready(int connections, int arrival, ZcrxRebalancingOptions? options = null)
    {
        RebalanceMachine machine = Stormy(options);
        machine.Plan(_now, Readings(connections, arrival), Tables);
        _now += _options.CoolDown;
        Next(machine);
        return machine;
    }

    private RebalanceMachine Stormy(ZcrxRebalancingOptions? options = null)
    {
        RebalanceMachine machine = new(options ?? _options);
        for (int i = 0; i <= _options.StormSamples; i++)
        {
            Next(machine);
        }

        return machine;
    }

    private void Next(RebalanceMachine machine, bool isStormy = false)
    {
        _now += TimeSpan.FromSeconds(1);
        _received += SampleBytes;
        machine.Observe(_now, "a", new RxQueueId("eth0", 0), _received, _received, PoolPressureLevel.Normal);
        // Queue b is idle, unless both queues are stormy.
        long received = isStormy ? _received : 0;
        machine.Observe(_now, "b", new RxQueueId("eth0", 1), received, received, PoolPressureLevel.Normal);
    }

    private ConnectionReading[] Readings(int count, int arrival) => ReadingsOf("a", count, arrival);

    private ConnectionReading[] ReadingsOf(string queue, int count, int arrival) =>
    [
        .. Enumerable.Range(1, count).Select(id => new ConnectionReading(
            id, queue, _received / 1024, new RxQueueId("eth0", arrival), Local, new IPEndPoint(IPAddress.Parse("192.0.2.2"), 40_000 + id))),
    ];
}
