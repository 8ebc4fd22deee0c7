using System.Net;
using Zcrx.Actors.Rebalancing;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Rebalancing;

/// <summary>Tests plans. eth0 has four RX queues. The queues <c>a</c> (0), <c>b</c> (1) and <c>c</c> (2) are managed.</summary>
public class RebalancePlannerTests
{
    private static readonly IPEndPoint Local = IPEndPoint.Parse("192.0.2.1:9000");
    private static readonly IPEndPoint Remote = IPEndPoint.Parse("192.0.2.2:40000");

    [Fact]
    public void A_copied_connection_moves_to_the_queue_on_which_its_packets_arrive()
    {
        RebalancePlan plan = Plan([Queue("a", 0, stormy: true), Queue("b", 1)], [Connection(1, arrival: 1), Connection(2, arrival: 0)]);
        Assert.Equal([new RebalanceAction.MoveConnection(1, "a", "b", MoveReason.CopyStorm)], plan.Actions);
        Assert.Empty(plan.Degraded);
    }

    [Fact]
    public void With_moves_forbidden_nothing_is_planned_for_packets_on_a_managed_queue()
    {
        RebalancePlan plan = Plan([Queue("a", 0, stormy: true), Queue("b", 1)], [Connection(1, arrival: 1)], moves: false);
        Assert.Empty(plan.Steps);
        Assert.Empty(plan.Degraded);
    }

    [Fact]
    public void Packets_on_an_unmanaged_queue_are_steered_to_the_least_loaded_queue_after_their_connection_moved_there()
    {
        RebalancePlan plan = Plan(
            [Queue("a", 0, load: 900, stormy: true), Queue("b", 1, load: 500), Queue("c", 2, load: 100)], [Connection(1, load: 100, arrival: 3)]);
        RebalanceStep step = Assert.Single(plan.Steps);
        Assert.Equal(new RebalanceAction.MoveConnection(1, "a", "c", MoveReason.CopyStorm), step.Actions[0]);
        Assert.Equal(new RebalanceAction.SteerFlow(1, "eth0", new FlowRule(2, 9000, 40_000, Local.Address, Remote.Address)), step.Actions[1]);
    }

    [Fact]
    public void A_connection_stays_on_its_queue_when_no_other_queue_has_less_load()
    {
        RebalancePlan plan = Plan([Queue("a", 0, load: 100, stormy: true), Queue("b", 1, load: 50)], [Connection(1, load: 60, arrival: 3)]);
        Assert.Equal([new RebalanceAction.SteerFlow(1, "eth0", new FlowRule(0, 9000, 40_000, Local.Address, Remote.Address))], plan.Actions);
    }

    [Fact]
    public void Many_connections_are_distributed_by_their_load()
    {
        RebalancePlan plan = Plan(
            [Queue("a", 0, load: 600, stormy: true), Queue("b", 1), Queue("c", 2)], [.. Enumerable.Range(1, 6).Select(static id => Connection(id, load: 100, arrival: 3))]);
        Assert.Equal([2, 2, 2], plan.Actions.OfType<RebalanceAction.SteerFlow>().GroupBy(static steer => steer.Rule.Queue).Select(static group => group.Count()));
    }

    [Fact]
    public void A_queue_under_pressure_gets_nothing_steered_to_it()
    {
        RebalancePlan plan = Plan([Queue("a", 0, load: 900, stormy: true), Queue("b", 1) with { HasRoom = false }], [Connection(1, load: 100, arrival: 3)]);
        Assert.Equal(0, Assert.Single(plan.Actions.OfType<RebalanceAction.SteerFlow>()).Rule.Queue);
    }

    [Theory]
    [InlineData("steering is forbidden", FlowSteeringPermission.Forbidden, 3, true, true)]
    [InlineData("steering is forbidden", FlowSteeringPermission.Forbidden, 3, false, true)]
    [InlineData("no room for another flow rule", FlowSteeringPermission.FlowRules, 3, true, false)]
    [InlineData("not known", FlowSteeringPermission.FlowRules, -1, true, true)]
    public void Connections_without_a_remedy_are_degraded_with_the_reason(string why, FlowSteeringPermission steering, int arrival, bool moves, bool room)
    {
        RebalancePlan plan = Plan(
            [Queue("a", 0, stormy: true), Queue("b", 1)], [Connection(7, arrival: arrival)], moves, steering, freeRules: room ? 10 : 0);
        Assert.Empty(plan.Steps);
        Assert.Contains(why, Assert.Single(plan.Degraded, static degraded => degraded.Key == 7).Value, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unmanaged_interface_and_a_rule_without_effect_are_reported_as_reasons()
    {
        RebalancePlan plan = Plan(
            [Queue("a", 0, stormy: true)],
            [Connection(1, arrival: 3) with { Arrival = new RxQueueId("lo", 0) }, Connection(2, arrival: 3) with { SteeredTo = new RxQueueId("eth0", 0) }]);
        Assert.Empty(plan.Steps);
        Assert.Contains("no queue of that interface is managed", plan.Degraded[1], StringComparison.Ordinal);
        Assert.Contains("has no effect", plan.Degraded[2], StringComparison.Ordinal);
    }

    [Fact]
    public void More_flows_than_rules_change_the_table_where_that_is_permitted()
    {
        ConnectionFacts[] connections = [.. Enumerable.Range(1, 4).Select(static id => Connection(id, arrival: 3))];
        RebalancePlan plan = Plan([Queue("a", 0, load: 5, stormy: true), Queue("b", 1)], connections, steering: FlowSteeringPermission.RssTable, freeRules: 3);
        RebalanceAction.ReplaceRssTable table = Assert.IsType<RebalanceAction.ReplaceRssTable>(Assert.Single(plan.Actions));
        // Buckets of managed queues do not change. The other buckets are assigned to the managed queues in turn, beginning with the least
        // loaded one.
        Assert.Equal([0, 1, 1, 0], table.Table);
        Assert.Empty(plan.Degraded);
        Assert.All(Plan([Queue("a", 0, stormy: true)], connections, freeRules: 3).Actions, static action => Assert.IsType<RebalanceAction.SteerFlow>(action));
    }

    [Fact]
    public void Calm_queues_and_idle_or_resting_connections_need_no_action()
    {
        Assert.Empty(Plan([Queue("a", 0), Queue("b", 1)], [Connection(1, arrival: 1)]).Steps);
        RebalancePlan plan = Plan(
            [Queue("a", 0, stormy: true), Queue("b", 1)], [Connection(1, load: 0, arrival: 1), Connection(2, arrival: 1) with { IsResting = true }]);
        Assert.Empty(plan.Steps);
        Assert.Empty(plan.Degraded);
    }

    [Fact]
    public void Plan_has_at_most_the_permitted_actions_and_begins_with_the_largest_connections()
    {
        RebalancePlan plan = Plan(
            [Queue("a", 0, stormy: true), Queue("b", 1)], [.. Enumerable.Range(1, 9).Select(static id => Connection(id, load: id, arrival: 1))], maxActions: 3);
        Assert.Equal([9L, 8, 7], plan.Actions.OfType<RebalanceAction.MoveConnection>().Select(static move => move.ConnectionId));
    }

    [Fact]
    public void A_queue_under_pressure_passes_about_half_of_the_difference_to_a_queue_with_little_load()
    {
        QueueFacts[] queues = [Queue("a", null, load: 1000) with { IsPressed = true, HasRoom = false }, Queue("b", null, load: 100)];
        ConnectionFacts[] connections = [Connection(1, load: 600), Connection(2, load: 380), Connection(3, load: 20)];
        Assert.Equal([new RebalanceAction.MoveConnection(2, "a", "b", MoveReason.Pressure)], Plan(queues, connections).Actions);
        Assert.Empty(Plan(queues, connections, moves: false).Steps);
        // A single connection is not moved, because the target would then have the same pressure.
        Assert.Empty(Plan(queues, [Connection(1, load: 1000)]).Steps);
        Assert.Empty(Plan([queues[0], queues[1] with { Load = 600 }], connections).Steps);
        Assert.Empty(Plan([queues[0], queues[1] with { HasRoom = false }], connections).Steps);
    }

    [Fact]
    public void A_connection_leaves_a_queue_under_pressure_for_the_queue_with_the_least_load()
    {
        QueueFacts[] queues = [Queue("a", null, load: 1000) with { IsPressed = true, HasRoom = false }, Queue("b", null, load: 300), Queue("c", null, load: 100), Queue("d", null, load: 200)];
        ConnectionFacts[] connections = [Connection(1, load: 600), Connection(2, load: 400)];
        Assert.Equal([new RebalanceAction.MoveConnection(2, "a", "c", MoveReason.Pressure)], Plan(queues, connections).Actions);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_connection_with_an_unknown_address_is_not_steered(bool isLocalKnown)
    {
        ConnectionFacts connection = isLocalKnown ? Connection(1, arrival: 3) with { Remote = null } : Connection(1, arrival: 3) with { Local = null };
        RebalancePlan plan = Plan([Queue("a", 0, stormy: true), Queue("b", 1)], [connection]);
        Assert.Empty(plan.Steps);
        Assert.Contains("its addresses are not known", plan.Degraded[1], StringComparison.Ordinal);
    }

    [Fact]
    public void On_a_NIC_a_connection_leaves_a_queue_under_pressure_only_together_with_its_packets()
    {
        QueueFacts[] queues = [Queue("a", 0, load: 1000) with { IsPressed = true, HasRoom = false }, Queue("b", 1)];
        ConnectionFacts[] connections = [Connection(1, load: 500, arrival: 0), Connection(2, load: 500, arrival: 0)];
        Assert.Equal(
            [new RebalanceAction.MoveConnection(1, "a", "b", MoveReason.Pressure), new RebalanceAction.SteerFlow(1, "eth0", new FlowRule(1, 9000, 40_000, Local.Address, Remote.Address))],
            Plan(queues, connections).Actions);
        Assert.Empty(Plan(queues, connections, steering: FlowSteeringPermission.Forbidden).Steps);
    }

    [Theory]
    [InlineData(1, "", true)]
    [InlineData(3, "steering belongs to the host of this container", false)]
    [InlineData(-1, "only the host of this container knows", false)]
    public void A_container_moves_connections_and_leaves_steering_to_the_host(int arrival, string reason, bool moves)
    {
        RebalancePlan plan = Plan(
            [Queue("a", 0, stormy: true), Queue("b", 1)], [Connection(1, arrival: arrival)], steering: FlowSteeringPermission.RssTable, freeRules: 0, steeredByHost: true);
        Assert.Equal(moves ? [new RebalanceAction.MoveConnection(1, "a", "b", MoveReason.CopyStorm)] : [], plan.Actions);
        Assert.Equal(moves ? 0 : 1, plan.Degraded.Count);
        Assert.Contains(reason, plan.Degraded.GetValueOrDefault(1, ""), StringComparison.Ordinal);
    }

    private static QueueFacts Queue(string name, int? rxQueue, double load = 0, bool stormy = false) =>
        new(name, rxQueue is { } index ? new RxQueueId("eth0", index) : null, load, stormy, IsPressed: false, HasRoom: true);

    private static ConnectionFacts Connection(long id, double load = 100, int arrival = -1) =>
        new(id, "a", load, arrival < 0 ? null : new RxQueueId("eth0", arrival), Local, Remote);

    private static RebalancePlan Plan(
        QueueFacts[] queues,
        ConnectionFacts[] connections,
        bool moves = true,
        FlowSteeringPermission steering = FlowSteeringPermission.FlowRules,
        int freeRules = 10,
        int maxActions = 100,
        bool steeredByHost = false) => RebalancePlanner.Plan(new RebalanceFacts
        {
            Queues = queues,
            Connections = connections,
            Interfaces = new Dictionary<string, InterfaceFacts> { ["eth0"] = new([0, 1, 2, 3], freeRules, steeredByHost) },
            MovesAllowed = moves,
            Steering = steering,
            MaxActions = maxActions,
        });
}
