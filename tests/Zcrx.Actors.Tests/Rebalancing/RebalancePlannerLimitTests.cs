using System.Net;
using Zcrx.Actors.Rebalancing;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Rebalancing;

/// <summary>
/// Tests which queues a plan chooses, and how it counts loads, actions and flow rules. eth0 has four RX queues, and eth1 has two.
/// </summary>
public class RebalancePlannerLimitTests
{
    private static readonly IPEndPoint Local = IPEndPoint.Parse("192.0.2.1:9000");
    private static readonly IPEndPoint Remote = IPEndPoint.Parse("192.0.2.2:40000");

    [Fact]
    public void Of_connections_with_equal_load_the_one_with_the_lowest_id_comes_first()
    {
        RebalancePlan plan = Plan([Storm("a", 0), Queue("b", 1)], [Connection(3, arrival: 1), Connection(2, arrival: 1), Connection(4, arrival: 1)], maxActions: 1);
        Assert.Equal([2L], Moves(plan).Select(static move => move.ConnectionId));
    }

    [Fact]
    public void Connection_that_moves_to_its_packets_counts_for_the_load_of_the_target()
    {
        RebalancePlan plan = Plan(
            [Storm("a", 0, load: 1000), Queue("b", 1), Queue("c", 2, load: 10)], [Connection(1, load: 100, arrival: 1), Connection(2, load: 50, arrival: 3)]);
        Assert.Equal(["b", "c"], Moves(plan).Select(static move => move.To));
    }

    [Fact]
    public void Connection_that_leaves_no_longer_counts_for_the_load_of_its_queue()
    {
        // Without the first connection, queue a has less load than queue c. So the second connection stays on queue a.
        RebalancePlan plan = Plan(
            [Storm("a", 0, load: 300), Queue("b", 1), Queue("c", 2, load: 150)], [Connection(1, load: 200, arrival: 1), Connection(2, load: 100, arrival: 3)]);
        Assert.Equal([1L], Moves(plan).Select(static move => move.ConnectionId));
        Assert.Equal(0, Assert.Single(Steers(plan)).Rule.Queue);
    }

    [Fact]
    public void Connection_stays_when_another_queue_would_get_the_same_load()
    {
        RebalancePlan plan = Plan([Storm("a", 0, load: 100), Queue("b", 1, load: 40)], [Connection(1, load: 60, arrival: 3)]);
        Assert.Empty(Moves(plan));
        Assert.Equal(0, Assert.Single(Steers(plan)).Rule.Queue);
    }

    [Fact]
    public void With_moves_forbidden_packets_are_steered_to_the_own_queue()
    {
        RebalancePlan plan = Plan([Storm("a", 0, load: 900), Queue("b", 1)], [Connection(1, arrival: 3)], moves: false);
        Assert.Equal(0, Assert.IsType<RebalanceAction.SteerFlow>(Assert.Single(plan.Actions)).Rule.Queue);
    }

    [Fact]
    public void Packets_are_steered_only_to_queues_of_the_interface_on_which_they_arrive()
    {
        RebalancePlan plan = Plan([Storm("a", 0, load: 900), Queue("b", 1, load: 500), Queue("d", 0, networkInterface: "eth1")], [Connection(1, arrival: 3)]);
        Assert.Equal("eth0", Assert.Single(Steers(plan)).Interface);
        Assert.Equal("b", Assert.Single(Moves(plan)).To);
    }

    [Fact]
    public void Connection_whose_rule_still_leads_to_an_unmanaged_queue_gets_another_rule()
    {
        RebalancePlan plan = Plan([Storm("a", 0)], [Connection(1, arrival: 3) with { SteeredTo = new RxQueueId("eth0", 3) }]);
        Assert.Equal(0, Assert.Single(Steers(plan)).Rule.Queue);
        Assert.Empty(plan.Degraded);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Plan_uses_only_the_free_flow_rules_and_degrades_the_other_connections(bool moves)
    {
        RebalancePlan plan = Plan(
            [Storm("a", 0, load: 1000), Queue("b", 1), Queue("c", 2)], [.. Enumerable.Range(1, 3).Select(static id => Connection(id, arrival: 3))], moves, freeRules: 2);
        Assert.Equal([1L, 2], Steers(plan).Select(static steer => steer.ConnectionId));
        Assert.Equal([3L], plan.Degraded.Keys);
        Assert.Equal(moves ? 2 : 0, Moves(plan).Count());
    }

    [Fact]
    public void Move_and_its_rule_are_planned_together_or_not_at_all()
    {
        QueueFacts[] queues = [Storm("a", 0, load: 1000), Queue("b", 1)];
        RebalancePlan plan = Plan(queues, [Connection(1, arrival: 3), Connection(2, arrival: 3)], maxActions: 3);
        Assert.Equal([1L], Steers(plan).Select(static steer => steer.ConnectionId));
        Assert.Single(Moves(plan));
        // The step for the second connection did not fit. So its rule and its load do not count for the third connection, whose packets
        // arrive on a managed queue.
        plan = Plan(queues, [Connection(1, load: 300, arrival: 3), Connection(2, load: 200, arrival: 3), Connection(3, load: 100, arrival: 1)], maxActions: 3);
        Assert.Equal([1L, 3], Moves(plan).Select(static move => move.ConnectionId));
    }

    [Theory]
    // No table is replaced, because there are enough flow rules.
    [InlineData(1, 3, "eth0", 0)]
    // No table is replaced, because the packets arrive on a managed queue.
    [InlineData(0, 1, "eth0", 0)]
    // No table is replaced, because the packets arrive through an unmanaged interface.
    [InlineData(0, 0, "eth1", 0)]
    // No table is replaced, because the plan may contain no action.
    [InlineData(0, 3, "eth0", 0, 0)]
    [InlineData(0, 3, "eth0", 1)]
    public void RSS_table_is_replaced_only_for_packets_on_unmanaged_queues_that_rules_cannot_steer(int freeRules, int arrival, string networkInterface, int tables, int maxActions = 10)
    {
        RebalancePlan plan = Plan(
            [Storm("a", 0), Queue("b", 1)],
            [Connection(1, arrival: arrival) with { Arrival = new RxQueueId(networkInterface, arrival) }],
            steering: FlowSteeringPermission.RssTable,
            freeRules: freeRules,
            maxActions: maxActions);
        Assert.Equal(tables, plan.Actions.OfType<RebalanceAction.ReplaceRssTable>().Count());
        // Without a table and a rule, the packets still arrive on an unmanaged queue.
        Assert.Equal(tables == 0 && freeRules == 0 && arrival != 1, plan.Degraded.ContainsKey(1));
    }

    [Fact]
    public void RSS_table_is_kept_when_the_queue_is_calm_or_the_table_has_only_managed_queues()
    {
        ConnectionFacts[] connections = [Connection(1, arrival: 3)];
        Assert.Empty(Plan([Queue("a", 0), Storm("b", 1)], connections, steering: FlowSteeringPermission.RssTable, freeRules: 0).Actions);
        Assert.Empty(Plan([Storm("a", 0), Queue("b", 1)], connections, steering: FlowSteeringPermission.RssTable, freeRules: 0, table: [0, 1]).Actions);
    }

    [Fact]
    public void Stormy_queue_is_not_relieved_and_relieves_no_other_queue()
    {
        QueueFacts pressed = Pressed("p", load: 1000);
        ConnectionFacts[] connections = [Connection(1, load: 400) with { Queue = "p" }, Connection(2, load: 600) with { Queue = "p" }];
        Assert.Single(Plan([pressed, Queue("q", null)], connections).Actions);
        Assert.Empty(Plan([pressed with { IsStormy = true }, Queue("q", null)], connections).Actions);
        Assert.Empty(Plan([pressed, Queue("q", null) with { IsStormy = true }], connections).Actions);
        Assert.Empty(Plan([pressed, Queue("q", 0)], connections).Actions);
        Assert.Empty(Plan([pressed with { IsPressed = false }, Queue("q", null)], connections).Actions);
        Assert.Empty(Plan([pressed, Queue("q", null)], connections, maxActions: 0).Actions);
    }

    [Theory]
    [InlineData(500, 400, true)]
    [InlineData(500, 401, false)]
    [InlineData(501, 300, false)]
    [InlineData(0, 900, true)]
    [InlineData(0, 901, false)]
    [InlineData(0, 0, false)]
    public void Relief_needs_a_target_with_half_of_the_load_and_leaves_a_margin(double targetLoad, double connectionLoad, bool moves)
    {
        RebalancePlan plan = Plan([Pressed("p", load: 1000), Queue("q", null, load: targetLoad)], [Connection(1, load: connectionLoad) with { Queue = "p" }]);
        Assert.Equal(moves, plan.Actions.Any());
    }

    [Fact]
    public void Relief_moves_an_awake_connection_of_the_own_queue_and_the_lowest_id_of_two_equals()
    {
        ConnectionFacts[] connections =
        [
            Connection(1, load: 450) with { Queue = "p", IsResting = true },
            Connection(2, load: 450) with { Queue = "q" },
            Connection(4, load: 440) with { Queue = "p" },
            Connection(3, load: 460) with { Queue = "p" },
        ];
        RebalanceAction.MoveConnection move = Assert.Single(Moves(Plan([Pressed("p", load: 1000), Queue("q", null, load: 100)], connections)));
        Assert.Equal((3L, "p", "q"), (move.ConnectionId, move.From, move.To));
    }

    [Fact]
    public void Two_queues_under_pressure_do_not_choose_the_same_target()
    {
        QueueFacts[] queues = [Pressed("p", load: 1000), Pressed("q", load: 1000), Queue("r", null)];
        ConnectionFacts[] connections = [Connection(1, load: 100) with { Queue = "p" }, Connection(2, load: 100) with { Queue = "q" }];
        Assert.Equal([1L], Moves(Plan(queues, connections)).Select(static move => move.ConnectionId));
        Assert.Equal(["r", "s"], Moves(Plan([.. queues, Queue("s", null, load: 1)], connections)).Select(static move => move.To));
    }

    [Fact]
    public void Queue_that_gets_a_copied_connection_relieves_no_queue_in_the_same_plan()
    {
        QueueFacts[] queues = [Storm("a", 0), Queue("b", 1), Queue("c", 2, load: 100), Pressed("p", load: 1000) with { RxQueue = new RxQueueId("eth0", 3) }];
        ConnectionFacts[] connections = [Connection(1, load: 1, arrival: 1), Connection(2, load: 400, arrival: 3) with { Queue = "p" }];
        Assert.Equal(["b", "c"], Moves(Plan(queues, connections)).Select(static move => move.To));
    }

    [Fact]
    public void Relief_on_a_NIC_counts_its_flow_rules_and_needs_none_for_packets_that_arrive_at_the_target()
    {
        QueueFacts[] queues = [OnNic(Pressed("p", load: 1000), 0), OnNic(Pressed("q", load: 1000), 1), Queue("r", 2), Queue("s", 3, load: 1)];
        ConnectionFacts[] connections = [Connection(1, load: 400, arrival: 0) with { Queue = "p" }, Connection(2, load: 400, arrival: 1) with { Queue = "q" }];
        Assert.Equal([1L, 2], Steers(Plan(queues, connections)).Select(static steer => steer.ConnectionId));
        Assert.Equal([1L], Steers(Plan(queues, connections, freeRules: 1)).Select(static steer => steer.ConnectionId));
        Assert.Empty(Plan(queues, connections, maxActions: 1).Actions);
        // Only queue r is a possible target, and a plan moves at most one connection to a queue.
        Assert.Equal([1L], Moves(Plan(queues[..3], connections)).Select(static move => move.ConnectionId));

        RebalancePlan plan = Plan(queues, [connections[0] with { Arrival = new RxQueueId("eth0", 2) }]);
        Assert.Equal([new RebalanceAction.MoveConnection(1, "p", "r", MoveReason.Pressure)], plan.Actions);
        // The arrival of the packets is unknown, or they arrive through another interface.
        Assert.Empty(Plan(queues, [connections[0] with { Arrival = null }]).Actions);
        Assert.Empty(Plan(queues, [connections[0] with { Arrival = new RxQueueId("eth1", 0) }]).Actions);
    }

    private static IEnumerable<RebalanceAction.MoveConnection> Moves(RebalancePlan plan) => plan.Actions.OfType<RebalanceAction.MoveConnection>();

    private static IEnumerable<RebalanceAction.SteerFlow> Steers(RebalancePlan plan) => plan.Actions.OfType<RebalanceAction.SteerFlow>();

    private static QueueFacts Queue(string name, int? rxQueue, double load = 0, string networkInterface = "eth0") =>
        new(name, rxQueue is { } index ? new RxQueueId(networkInterface, index) : null, load, IsStormy: false, IsPressed: false, HasRoom: true);

    private static QueueFacts Storm(string name, int rxQueue, double load = 0) => Queue(name, rxQueue, load) with { IsStormy = true };

    private static QueueFacts Pressed(string name, double load) => Queue(name, null, load) with { IsPressed = true, HasRoom = false };

    private static QueueFacts OnNic(QueueFacts queue, int rxQueue) => queue with { RxQueue = new RxQueueId("eth0", rxQueue) };

    private static ConnectionFacts Connection(long id, double load = 100, int arrival = -1) =>
        new(id, "a", load, arrival < 0 ? null : new RxQueueId("eth0", arrival), Local, Remote);

    private static RebalancePlan Plan(
        QueueFacts[] queues,
        ConnectionFacts[] connections,
        bool moves = true,
        FlowSteeringPermission steering = FlowSteeringPermission.FlowRules,
        int freeRules = 10,
        int maxActions = 100,
        int[]? table = null) => RebalancePlanner.Plan(new RebalanceFacts
        {
            Queues = queues,
            Connections = connections,
            Interfaces = new Dictionary<string, InterfaceFacts> { ["eth0"] = new(table ?? [0, 1, 2, 3], freeRules), ["eth1"] = new([0, 1], freeRules) },
            MovesAllowed = moves,
            Steering = steering,
            MaxActions = maxActions,
        });
}
