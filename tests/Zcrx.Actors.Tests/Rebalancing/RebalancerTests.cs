using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Zcrx.Actors.Health;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Rebalancing;

/// <summary>
/// Tests copy storms end to end on an emulated interface. The tests change the RSS table, and observe packets, events and status.
/// </summary>
public class RebalancerTests
{
    private const int Connections = 16;
    private const long Some = 1 << 20;

    [Fact]
    public async Task Flows_on_unmanaged_queues_are_steered_to_managed_queues_and_the_rules_are_removed_at_the_end()
    {
        await using StormBench bench = await StormBench.StartAsync(Connections);
        Assert.Equal(0, bench.Copied);

        bench.Scramble(static bucket => bucket % 8);
        await bench.Host.Kit.AwaitConditionAsync(() => bench.Events.Of<RebalanceEvent.StormBegan>().Length > 0, "a storm is seen");
        await bench.Host.Kit.AwaitConditionAsync(bench.IsCalmAsync, "nothing is copied any more");
        await bench.Host.Kit.AwaitConditionAsync(() => bench.Events.Of<RebalanceEvent.StormEnded>().Length == bench.Events.Of<RebalanceEvent.StormBegan>().Length, "the storms are over");
        ZcrxStatus status = await bench.Host.Zcrx.GetStatusAsync();
        Assert.Equal((0, 0), (status.Rebalancing.Degraded.Count, status.Rebalancing.Storms.Count));
        Assert.InRange(status.Rebalancing.FlowRules, 1, Connections);
        Assert.Equal(status.Rebalancing.FlowRules, bench.Nic.Rules.Count);
        Assert.All(bench.Nic.Rules.Values, static rule => Assert.True(rule.Queue < 4 && rule.Specificity == 4));

        await bench.EndAsync();
        await bench.Host.Kit.AwaitConditionAsync(() => bench.Nic.Rules.Count == 0, "the flow rules go with their connections");
    }

    [Fact]
    public async Task Connections_move_to_the_managed_queue_that_receives_their_packets()
    {
        await using StormBench bench = await StormBench.StartAsync(Connections, static options => options.Steering = FlowSteeringPermission.Forbidden);
        for (int i = 1; i <= 3; i++)
        {
            int shift = i;
            bench.Scramble(bucket => (bucket + shift) % 4);
            await bench.FlowAsync(Some);
        }

        Assert.Equal(0, bench.Copied);
        Assert.Contains(bench.Events.Of<RebalanceEvent.Moved>(), static moved => moved.Reason == MoveReason.ForeignMemory);
        ZcrxStatus status = await bench.Host.Zcrx.GetStatusAsync();
        Assert.True(status.Rebalancing.Moves[MoveReason.ForeignMemory] >= Connections);
        await bench.EndAsync();
    }

    [Fact]
    public async Task With_moves_forbidden_flows_are_steered_to_the_queue_of_their_connection()
    {
        await using StormBench bench = await StormBench.StartAsync(Connections, static options => options.AllowMoves = false);
        bench.Scramble(static bucket => 4 + (bucket % 4));
        await bench.Host.Kit.AwaitConditionAsync(() => bench.Nic.Rules.Count == Connections, "every flow is steered");
        await bench.Host.Kit.AwaitConditionAsync(bench.IsCalmAsync, "nothing is copied any more");
        Assert.DoesNotContain(bench.Events.Of<RebalanceEvent.Moved>(), static moved => moved.Reason == MoveReason.CopyStorm);
        await bench.EndAsync();
    }

    [Fact]
    public async Task With_nothing_permitted_connections_are_reported_degraded_once_and_recover()
    {
        await using StormBench bench = await StormBench.StartAsync(Connections, static options =>
        {
            options.AllowMoves = false;
            options.Steering = FlowSteeringPermission.Forbidden;
        });
        bench.Scramble(static bucket => 4 + (bucket % 4));
        await bench.Host.Kit.AwaitConditionAsync(() => bench.Events.Of<RebalanceEvent.ConnectionDegraded>().Length == Connections, "all are degraded");
        // Further samples report nothing new.
        for (int i = 0; i < 10; i++)
        {
            await bench.FlowAsync(Some);
        }

        ZcrxStatus status = await bench.Host.Zcrx.GetStatusAsync();
        Assert.Equal((Connections, Connections), (status.Rebalancing.Degraded.Count, bench.Events.Of<RebalanceEvent.ConnectionDegraded>().Length));
        Assert.Contains("steering is forbidden", status.Rebalancing.Degraded[0].Reason, StringComparison.Ordinal);
        HealthCheckResult health = ZcrxHealthCheck.Judge(status, HealthStatus.Unhealthy);
        Assert.Equal(HealthStatus.Degraded, health.Status);
        Assert.Contains("16 connections are copied", health.Description, StringComparison.Ordinal);
        Assert.Equal(Connections, bench.Host.Log.Entries.Count(static entry => entry.EventId == 1808));

        bench.Scramble(static bucket => bucket % 4);
        await bench.Host.Kit.AwaitConditionAsync(() => bench.Events.Of<RebalanceEvent.ConnectionRecovered>().Length == Connections, "all have recovered");
        Assert.Equal(HealthStatus.Healthy, ZcrxHealthCheck.Judge(await bench.Host.Zcrx.GetStatusAsync(), HealthStatus.Unhealthy).Status);
        await bench.EndAsync();
    }

    [Fact]
    public async Task In_a_container_nothing_is_steered_and_that_is_logged_once()
    {
        await using StormBench bench = await StormBench.StartAsync(
            Connections, static options => options.Steering = FlowSteeringPermission.RssTable, facts: static nic => new ContainerNicFacts(new EmulatedNicFacts([nic])));
        bench.Scramble(static bucket => 4 + (bucket % 4));
        await bench.Host.Kit.AwaitConditionAsync(() => bench.Events.Of<RebalanceEvent.ConnectionDegraded>().Length == Connections, "all are degraded");
        for (int i = 0; i < 10; i++)
        {
            await bench.FlowAsync(Some);
        }

        Assert.Single(bench.Host.Log.Entries, static entry => entry.EventId == 1816);
        Assert.All(bench.Events.Of<RebalanceEvent.ConnectionDegraded>(), static degraded =>
            Assert.Contains("steering belongs to the host of this container", degraded.Connection.Reason, StringComparison.Ordinal));
        Assert.Empty(bench.Events.Of<RebalanceEvent.Steered>());
        Assert.Empty(bench.Events.Of<RebalanceEvent.Failed>());
        Assert.Empty(bench.Nic.Rules);
        await bench.EndAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_vetoed_action_is_not_executed(bool throws)
    {
        await using StormBench bench = await StormBench.StartAsync(Connections, options =>
            options.Permit = action => action is not RebalanceAction.SteerFlow || (throws ? throw new InvalidOperationException("no opinion") : false));
        bench.Scramble(static bucket => 4 + (bucket % 4));
        await bench.Host.Kit.AwaitConditionAsync(() => bench.Events.Of<RebalanceEvent.Vetoed>().Length >= 2 * Connections, "it is tried and vetoed, again and again");
        Assert.Empty(bench.Nic.Rules);
        Assert.Empty(bench.Events.Of<RebalanceEvent.Steered>());
        Assert.All(bench.Events.Of<RebalanceEvent.Vetoed>(), static vetoed => Assert.IsType<RebalanceAction.SteerFlow>(vetoed.Action));
        await bench.EndAsync();
    }

    [Fact]
    public async Task Without_flow_rules_the_RSS_table_is_replaced_and_restored()
    {
        StormBench bench = await StormBench.StartAsync(Connections, static options =>
        {
            options.Steering = FlowSteeringPermission.RssTable;
            options.MaxFlowRules = 0;
        });
        IReadOnlyList<int> scrambled;
        await using (bench)
        {
            bench.Scramble(static bucket => bucket % 8);
            scrambled = bench.Nic.RssTable;
            await bench.Host.Kit.AwaitConditionAsync(() => bench.Events.Of<RebalanceEvent.Steered>().Length > 0, "the table is replaced");
            Assert.All(bench.Nic.RssTable.Zip(scrambled), static pair => Assert.True(pair.Second < 4 ? pair.First == pair.Second : pair.First < 4));
            await bench.Host.Kit.AwaitConditionAsync(bench.IsCalmAsync, "nothing is copied any more");
            await bench.EndAsync();
        }

        Assert.Equal(scrambled, bench.Nic.RssTable);
    }

    [Fact]
    public async Task Connections_move_from_a_queue_under_pressure_to_idle_queues()
    {
        await using StormBench bench = await StormBench.StartAsync(Connections, queues: 1, keep: true);
        await bench.Host.Kit.AwaitConditionAsync(() => bench.Events.Of<RebalanceEvent.Moved>().Count(static moved => moved is { Reason: MoveReason.Pressure, From: "rx0" }) >= 3, "connections are moved off it");
        await bench.Host.Kit.AwaitConditionAsync(() => bench.Shares.Count == 4, "each queue has some");
        await bench.EndAsync();
    }

    [Fact]
    public async Task A_queue_that_restarts_in_a_storm_does_not_fail_the_rebalancer()
    {
        await using StormBench bench = await StormBench.StartAsync(4);
        bench.Scramble(static _ => 6);
        await bench.Host.Kit.AwaitConditionAsync(() => bench.Events.Of<RebalanceEvent.StormBegan>().Length > 0, "a storm is seen");
        bench.Host.Crash("rx0");
        await bench.Host.Kit.AwaitConditionAsync(() => bench.Host.Log.Has(1102), "the queue has failed");
        await bench.Host.Kit.AwaitConditionAsync(() => bench.Host.Queues.All(static slot => slot.IsOpen), "it is open again");
        await bench.Host.Zcrx.GetStatusAsync();
        Assert.False(bench.Host.Log.Has(1810));
    }

    [Fact]
    public async Task Every_action_is_an_activity()
    {
        ConcurrentQueue<Activity> stopped = new();
        using ActivityListener listener = new()
        {
            ShouldListenTo = static source => source.Name == "Zcrx",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = stopped.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using StormBench bench = await StormBench.StartAsync(4);
        bench.Scramble(static bucket => 4 + (bucket % 4));
        await bench.Host.Kit.AwaitConditionAsync(() => bench.Nic.Rules.Count == 4, "every flow is steered");
        await bench.EndAsync();
        await bench.Host.Kit.AwaitConditionAsync(() => bench.Nic.Rules.Count == 0, "the flow rules go with their connections");

        // Connection ids are unique in the process, so they exclude the activities of other tests.
        RebalanceAction.SteerFlow[] steered = [.. bench.Events.Of<RebalanceEvent.Steered>().Select(static done => done.Action).OfType<RebalanceAction.SteerFlow>()];
        Assert.Equal(4, steered.Select(static action => action.ConnectionId).Distinct().Count());
        Assert.All(steered, action => Assert.Contains(Of("zcrx.rebalancing.steer", action.ConnectionId), activity =>
            (activity.GetTagItem("network.interface.name"), activity.GetTagItem("zcrx.rx_queue")) is (string name, int queue) && name == bench.Nic.Name && queue == action.Rule.Queue));
        foreach (RebalanceAction.SteerFlow action in steered)
        {
            await bench.Host.Kit.AwaitConditionAsync(() => Of("zcrx.rebalancing.unsteer", action.ConnectionId).Any(), "its end is one, too");
        }

        Assert.All(
            bench.Events.Of<RebalanceEvent.Moved>().Where(static moved => moved.Reason == MoveReason.CopyStorm),
            moved => Assert.Contains(Of("zcrx.rebalancing.move", moved.ConnectionId), activity => (string?)activity.GetTagItem("zcrx.queue.name") == moved.To && (string?)activity.GetTagItem("zcrx.queue.source") == moved.From));

        IEnumerable<Activity> Of(string name, long connection) =>
            stopped.Where(activity => activity.OperationName == name && activity.Status != ActivityStatusCode.Error && activity.GetTagItem("zcrx.connection.id") is long id && id == connection);
    }
}
