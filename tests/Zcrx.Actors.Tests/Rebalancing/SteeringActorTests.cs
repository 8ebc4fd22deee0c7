using System.Net;
using Akka.Actor;
using Akka.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Abstractions;
using Zcrx.Actors.Messages;
using Zcrx.Actors.Queues;
using Zcrx.Actors.Rebalancing;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Rebalancing;

/// <summary>Tests that a steering actor makes one change at a time, and undoes all its changes when it ends.</summary>
public sealed class SteeringActorTests(ITestOutputHelper output) : ActorTest(output)
{
    private readonly EmulatedNic _nic = new(new EmulatedNicOptions { RxQueues = 4 });
    private readonly OutstandingWork _outstanding = new();
    private readonly Published<SteeringSnapshot> _published = new(new SteeringSnapshot());

    private (long Added, int Rules, long Tables) Counts => (_published.Value.Added, _published.Value.Rules, _published.Value.Tables);

    [Fact]
    public async Task Changes_of_one_connection_take_effect_in_the_order_of_the_messages()
    {
        await using ZcrxQueue queue = await OpenAsync();
        IActorRef steering = Start(queue);
        TestProbe rebalancer = CreateTestProbe();

        steering.Tell(Steer(1, to: 2), rebalancer);
        steering.Tell(Steer(1, to: 3), rebalancer);
        steering.Tell(new SteeringActor.Release(1), rebalancer);
        steering.Tell(Steer(1, to: 1), rebalancer);

        for (int i = 0; i < 3; i++)
        {
            Assert.True((await rebalancer.ExpectMsgAsync<SteeringActor.Changed>()).IsDone);
        }

        Assert.Equal(1, Assert.Single(_nic.Rules).Value.Queue);
        Assert.Equal((3, 1, 0), Counts);
    }

    [Fact]
    public async Task A_rebalancer_begins_after_the_interface_is_restored()
    {
        IReadOnlyList<int> before = _nic.RssTable;
        await using ZcrxQueue queue = await OpenAsync();
        IActorRef steering = Start(queue);
        TestProbe rebalancer = CreateTestProbe();
        steering.Tell(Steer(1, to: 2), rebalancer);
        steering.Tell(new SteeringActor.Change(new RebalanceAction.ReplaceRssTable(_nic.Name, [.. before.Select(static _ => 0)]), Run: 2), rebalancer);

        steering.Tell(new SteeringActor.Prepare(), rebalancer);

        await rebalancer.FishForMessageAsync<SteeringActor.Prepared>();
        Assert.Equal((0, (1, 0, 1)), (_nic.Rules.Count, Counts));
        Assert.Equal(before, _nic.RssTable);
    }

    [Fact]
    public async Task An_actor_that_is_stopped_leaves_the_undoing_to_the_outstanding_work()
    {
        await using ZcrxQueue queue = await OpenAsync();
        IActorRef steering = Start(queue);
        TestProbe rebalancer = CreateTestProbe();
        await rebalancer.WatchAsync(steering);
        steering.Tell(Steer(1, to: 2), rebalancer);
        await rebalancer.ExpectMsgAsync<SteeringActor.Changed>();

        Sys.Stop(steering);
        await rebalancer.ExpectTerminatedAsync(steering);
        await _outstanding.WhenDone().WithinLimit();

        Assert.Empty(_nic.Rules);
    }

    [Fact]
    public async Task An_actor_that_fails_undoes_its_changes_before_its_successor_changes_anything()
    {
        await using ZcrxQueue queue = await OpenAsync();
        TestProbe rebalancer = CreateTestProbe();
        IActorRef steering = CreateTestProbe().ChildActorOf(PropsOf(queue), new OneForOneStrategy(static _ => Directive.Restart));
        steering.Tell(Steer(1, to: 2), rebalancer);

        steering.Tell(Kill.Instance);
        steering.Tell(Steer(2, to: 3), rebalancer);

        Assert.True((await rebalancer.ExpectMsgAsync<SteeringActor.Changed>()).IsDone);
        Assert.True((await rebalancer.ExpectMsgAsync<SteeringActor.Changed>()).IsDone);
        Assert.Equal(3, Assert.Single(_nic.Rules).Value.Queue);
        Assert.Equal((2, 1, 0), Counts);
    }

    [Fact]
    public async Task A_successor_prepares_only_when_the_undoing_of_an_earlier_actor_is_done()
    {
        await using ZcrxQueue queue = await OpenAsync();
        TaskCompletionSource undoing = new();
        _outstanding.Add(undoing.Task);
        IActorRef steering = Start(queue);
        TestProbe rebalancer = CreateTestProbe();

        steering.Tell(new SteeringActor.Prepare(), rebalancer);
        steering.Tell(Steer(1, to: 2), rebalancer);

        await rebalancer.ExpectMsgAsync<SteeringActor.Changed>();
        undoing.SetResult();
        await rebalancer.ExpectMsgAsync<SteeringActor.Prepared>();
    }

    private SteeringActor.Change Steer(long connection, int to) => new(
        new RebalanceAction.SteerFlow(connection, _nic.Name, new FlowRule(to, 9000, 40_000 + (int)connection, IPAddress.Loopback, IPAddress.Loopback)), Run: connection);

    private Task<ZcrxQueue> OpenAsync() => ZcrxQueue.OpenAsync(Options());

    private IActorRef Start(ZcrxQueue queue) => Sys.ActorOf(PropsOf(queue));

    private Props PropsOf(ZcrxQueue queue)
    {
        Published<QueueSnapshot>[] queues = [new(new QueueSnapshot { Options = Options(), State = QueueState.Open, IsOpen = true, Current = queue })];
        return Props.Create(() => new SteeringActor(_nic.Name, queues, new ZcrxRebalancingOptions(), _published, _outstanding, NullLogger.Instance)).WithDeploy(Deploy.Local);
    }

    private ZcrxQueueOptions Options() => new()
    {
        Name = "nic", Engine = ZcrxEngine.Emulated, Interface = _nic.Name, AreaSize = 256.KiB(), Emulation = new EmulatedKernelOptions { Nics = [_nic] },
    };
}
