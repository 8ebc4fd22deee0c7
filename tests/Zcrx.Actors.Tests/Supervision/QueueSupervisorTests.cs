using Akka.Actor;
using Akka.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Abstractions;
using Zcrx.Actors.Messages;
using Zcrx.Actors.Queues;
using Zcrx.Actors.Tests.Support;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Supervision;

/// <summary>Tests the supervisor of one queue without the actor tree. A probe is its parent.</summary>
public sealed class QueueSupervisorTests : ActorTest
{
    private readonly Published<QueueSnapshot> _published = new(new QueueSnapshot
    {
        Options = new ZcrxQueueOptions { Name = "first", Engine = ZcrxEngine.Emulated, AreaSize = 256.KiB() },
    });

    private readonly OutstandingWork _outstanding = new();
    private readonly ZcrxOptions _options = new() { Engine = ZcrxEngine.Emulated };

    public QueueSupervisorTests(ITestOutputHelper output)
        : base(output)
    {
    }

    [Fact]
    public async Task A_change_is_published_before_it_is_announced()
    {
        TestProbe parent = CreateTestProbe();
        TestProbe events = this.Subscribe(typeof(ZcrxEvent.QueueOpened));
        Start(parent);

        await events.ExpectMsgAsync<ZcrxEvent.QueueOpened>();

        QueueSnapshot now = _published.Value;
        Assert.Equal((QueueState.Open, true, 0L), (now.State, now.IsOpen, now.Restarts));
        Assert.Same(now.Current, now.Ready);
        await parent.ExpectMsgAsync<QueueMessage.Changed>();
    }

    [Fact]
    public async Task Totals_span_incarnations_and_an_earlier_snapshot_does_not_change()
    {
        TestProbe parent = CreateTestProbe();
        TestProbe client = CreateTestProbe();
        IActorRef supervisor = Start(parent);
        await parent.FishForMessageAsync<QueueMessage.Changed>(_ => _published.Value.State == QueueState.Open);
        QueueSnapshot first = _published.Value;

        supervisor.Tell(new ZcrxCommand.RestartQueue("first", TimeSpan.Zero), client);
        await client.ExpectMsgAsync<ZcrxReply.Restarted>();

        QueueSnapshot second = _published.Value;
        Assert.Equal((0L, 1L), (first.Restarts, second.Restarts));
        Assert.NotSame(first.Current, second.Current);
        Assert.Equivalent(first.Totals(), second.Earlier);
    }

    [Fact]
    public async Task The_restart_policy_opens_a_queue_again_when_its_delay_has_passed()
    {
        _options.Restart.MinBackoff = _options.Restart.MaxBackoff = TimeSpan.FromHours(1);
        _options.Restart.RandomFactor = 0;
        TestProbe parent = CreateTestProbe();
        TestProbe events = this.Subscribe(typeof(ZcrxEvent.QueueRestarting), typeof(ZcrxEvent.QueueOpened));
        Start(parent);
        await events.ExpectMsgAsync<ZcrxEvent.QueueOpened>();

        _published.Value.Current!.Crash(new CrashException());

        Assert.IsType<CrashException>((await events.ExpectMsgAsync<ZcrxEvent.QueueRestarting>()).Cause);
        Assert.Equal((QueueState.Restarting, TimeSpan.FromHours(1)), (_published.Value.State, _published.Value.RestartDelay));
        Scheduler.Advance(TimeSpan.FromHours(1));
        await events.ExpectMsgAsync<ZcrxEvent.QueueOpened>();
    }

    [Fact]
    public async Task A_supervisor_that_replaces_one_that_failed_continues_its_counts()
    {
        _options.Restart.MinBackoff = _options.Restart.MaxBackoff = TimeSpan.Zero;
        TestProbe parent = CreateTestProbe();
        IActorRef failed = Start(parent);
        await parent.FishForMessageAsync<QueueMessage.Changed>(_ => _published.Value.State == QueueState.Open);
        await parent.WatchAsync(failed);
        Sys.Stop(failed);
        await parent.FishForMessageAsync<Terminated>();
        TestProbe events = this.Subscribe(typeof(ZcrxEvent.QueueOpened));

        Start(parent, new CrashException());

        await events.ExpectMsgAsync<ZcrxEvent.QueueOpened>();
        Assert.Equal((1L, QueueState.Open), (_published.Value.Restarts, _published.Value.State));
        Assert.IsType<CrashException>(_published.Value.LastError);
    }

    [Fact]
    public async Task A_supervisor_waits_for_the_work_that_its_predecessor_left_and_not_for_that_of_other_queues()
    {
        TaskCompletionSource ofOther = new();
        TaskCompletionSource ofPredecessor = new();
        OutstandingWork tree = new();
        new OutstandingWork(tree).Add(ofOther.Task);
        OutstandingWork own = new(tree);
        own.Add(ofPredecessor.Task);
        TestProbe events = this.Subscribe(typeof(ZcrxEvent.QueueOpened));
        IActorRef supervisor = Start(CreateTestProbe(), outstanding: own);

        await supervisor.Ask<ActorIdentity>(new Identify(null)).WithinLimit();
        Assert.Equal(QueueState.Opening, _published.Value.State);
        Assert.Null(_published.Value.Current);
        ofPredecessor.SetResult();

        await events.ExpectMsgAsync<ZcrxEvent.QueueOpened>();
        Assert.False(tree.WhenDone().IsCompleted);
    }

    private IActorRef Start(TestProbe parent, Exception? earlierFailure = null, OutstandingWork? outstanding = null) => parent.ChildActorOf(Props.Create(() => new QueueSupervisor(
        _published, _options, new ZcrxQueueGroup(), new IncomingQueues(), new QueueDirectory(), outstanding ?? _outstanding, TimeProvider.System, NullLogger.Instance, earlierFailure)).WithDeploy(Deploy.Local));
}
