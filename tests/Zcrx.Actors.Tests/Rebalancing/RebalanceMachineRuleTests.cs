using System.Net;
using Zcrx.Actors.Rebalancing;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Rebalancing;

/// <summary>Tests single rules of the machine. RX queues 0 and 1 of eth0 are managed. RX queue 3 is unmanaged.</summary>
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

    private void Next(RebalanceMachine machine)
    {
        _now += TimeSpan.FromSeconds(1);
        _received += SampleBytes;
        machine.Observe(_now, "a", new RxQueueId("eth0", 0), _received, _received, PoolPressureLevel.Normal);
        machine.Observe(_now, "b", new RxQueueId("eth0", 1), 0, 0, PoolPressureLevel.Normal);
    }

    private ConnectionReading[] Readings(int count, int arrival) =>
    [
        .. Enumerable.Range(1, count).Select(id => new ConnectionReading(
            id, "a", _received / 1024, new RxQueueId("eth0", arrival), Local, new IPEndPoint(IPAddress.Parse("192.0.2.2"), 40_000 + id))),
    ];
}
