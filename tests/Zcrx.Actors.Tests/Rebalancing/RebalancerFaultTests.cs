using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;
using Zcrx.Actors.Hosting;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;

namespace Zcrx.Actors.Tests.Rebalancing;

/// <summary>
/// Tests that the changes of the rebalancer are undone after failures and after the end of its actor, and which components wait for that.
/// </summary>
public sealed class RebalancerFaultTests : IDisposable
{
    private const int Connections = 4;

    private readonly GatedSteering _steering = new();

    [Fact]
    public async Task Steering_that_throws_is_reported_and_streams_continue()
    {
        CrashException crash = new();
        await using StormBench bench = await StartWithRulesAsync();
        _steering.OnAdd = crash;

        bench.Scramble(static _ => 6);

        await Eventually.TrueAsync(() => bench.Events.Of<RebalanceEvent.Failed>().Any(failed => failed.Cause == crash), "the failure is published");
        Assert.Contains(bench.Host.Log.Entries, entry => entry.EventId == 1807 && entry.Exception == crash);
        Assert.False(bench.Host.Log.Has(1810));
        await bench.EndAsync();
    }

    [Fact]
    public async Task Undoing_that_throws_is_reported()
    {
        CrashException crash = new();
        await using StormBench bench = await StartWithRulesAsync();
        bench.Scramble(static _ => 6);
        await Eventually.TrueAsync(() => bench.Nic.Rules.Count == Connections, "every flow is steered");

        _steering.OnRemove = crash;
        await bench.EndAsync();

        await Eventually.TrueAsync(() => bench.Events.Of<RebalanceEvent.UndoFailed>().Any(failed => failed.Cause == crash), "the failure is published");
        Assert.Contains(bench.Host.Log.Entries, entry => entry.EventId == 1812 && entry.Exception == crash);
    }

    [Fact]
    public async Task A_stop_waits_until_all_changes_are_undone_and_blocks_no_actor()
    {
        await using StormBench bench = await StartWithTableAsync();
        IReadOnlyList<int> before = await StormAsync(bench);
        IActorRef supervisor = bench.Host.Zcrx.Supervisor;
        _steering.Close();
        await bench.EndAsync();

        Task<ZcrxStatus> stopping = supervisor.Ask<ZcrxStatus>(new ZcrxCommand.Stop(TimeSpan.Zero));

        await Eventually.TrueAsync(() => _steering.Waiting > 0, "undoing has begun");
        foreach (string path in new[] { "", "/rebalancer" })
        {
            await bench.Host.System.ActorSelection($"/user/zcrx{path}").Ask<ActorIdentity>(new Identify(path)).WithinLimit();
        }

        Assert.False(stopping.IsCompleted);
        _steering.Open();
        Assert.Equal(ZcrxState.Stopped, (await stopping.WithinLimit()).State);
        Assert.Equal(before, bench.Nic.RssTable);
    }

    [Fact]
    public async Task A_rebalancer_that_is_killed_undoes_its_work_before_the_next_one_begins()
    {
        await using StormBench bench = await StartWithTableAsync();
        IReadOnlyList<int> before = await StormAsync(bench);
        int set = _steering.Tables.Count;

        bench.Host.System.ActorSelection("/user/zcrx/rebalancer").Tell(Kill.Instance);

        await Eventually.TrueAsync(() => _steering.Tables.Count > set + 1, "it is undone, and done again");
        Assert.Equal(before, _steering.Tables[set]);
        Assert.NotEqual(before, _steering.Tables[set + 1]);
        Assert.True(bench.Host.Log.Has(1810));
        await bench.EndAsync();
    }

    [Fact]
    public async Task An_actor_system_that_is_torn_down_undoes_everything_and_the_end_waits_for_it()
    {
        await using StormBench bench = await StartWithTableAsync();
        IReadOnlyList<int> before = await StormAsync(bench);
        Task<ZcrxStatus> ended = bench.Host.Services.GetRequiredService<ZcrxService>().Tree!.End.Ended;
        _steering.Close();
        await bench.EndAsync();

        bench.Host.Zcrx.Supervisor.Tell(PoisonPill.Instance);

        await Eventually.TrueAsync(() => _steering.Waiting > 0, "undoing has begun");
        await Eventually.TrueAsync(() => bench.Host.Log.Has(1006), "the supervisor has ended");
        Assert.False(ended.IsCompleted);
        _steering.Open();
        await ended.WithinLimit();
        Assert.Equal(before, bench.Nic.RssTable);
    }

    public void Dispose() => _steering.Dispose();

    private async Task<StormBench> StartWithRulesAsync()
    {
        StormBench bench = await StormBench.StartAsync(Connections, options => options.FlowSteering = _steering);
        _steering.Use(bench.Nic);
        return bench;
    }

    private async Task<StormBench> StartWithTableAsync()
    {
        StormBench bench = await StormBench.StartAsync(Connections, options =>
        {
            options.FlowSteering = _steering;
            options.Steering = FlowSteeringPermission.RssTable;
            options.MaxFlowRules = 0;
        });
        _steering.Use(bench.Nic);
        return bench;
    }

    /// <summary>Causes a storm, and waits until the rebalancer has ended it by steering.</summary>
    /// <returns>The RSS table that must be restored at the end.</returns>
    private static async Task<IReadOnlyList<int>> StormAsync(StormBench bench)
    {
        // Changes all buckets, so that the result does not depend on the hashes of the connections.
        bench.Scramble(static bucket => 4 + (bucket % 4));
        IReadOnlyList<int> before = bench.Nic.RssTable;
        await Eventually.TrueAsync(() => bench.Events.Of<RebalanceEvent.Steered>().Length > 0, "the table is replaced");
        await Eventually.TrueAsync(bench.IsCalmAsync, "nothing is copied any more");
        return before;
    }
}
