using System.Collections.Concurrent;
using Akka.Actor;
using Akka.DistributedData;
using Zcrx.Actors;
using Zcrx.Cluster.Tests.Support;

namespace Zcrx.Cluster.Tests.Nodes;

/// <summary>Tests the status and the events that nodes exchange over real connections.</summary>
public class ClusterStatusTests
{
    [Fact]
    public async Task Status_of_every_node_is_on_every_node_and_disappears_with_it()
    {
        await using ClusterNode first = await ClusterNode.StartAsync();
        first.Join(first);
        await using (ClusterNode second = await ClusterNode.StartAsync())
        {
            second.Join(first);

            await Deadline.UntilAsync(() => first.All.Nodes.Count == 2 && second.All.Nodes.Count == 2, "both nodes have the status of both");

            Assert.Equal(new[] { first.Name, second.Name }.Order(StringComparer.Ordinal), first.All.Nodes.Keys.Order(StringComparer.Ordinal));
            Assert.All(second.All.Nodes, static node => Assert.Equal((node.Key, ZcrxState.Running), (node.Value.Node, node.Value.State)));
            DateTimeOffset old = first.All.Nodes[second.Name].Time;
            await Deadline.UntilAsync(() => first.All.Nodes[second.Name].Time > old, "the status is renewed");
        }

        await Deadline.UntilAsync(() => first.All.Nodes.Keys.SequenceEqual([first.Name]), "the node that has left is gone");
    }

    [Fact]
    public async Task Node_that_does_not_receive_has_the_status_of_the_others()
    {
        await using ClusterNode first = await ClusterNode.StartAsync();
        first.Join(first);
        await using ClusterNode second = await ClusterNode.StartAsync(receives: false);
        second.Join(first);

        await Deadline.UntilAsync(() => second.All.Nodes.ContainsKey(first.Name), "the status arrives");

        Assert.Equal([first.Name], second.All.Nodes.Keys);
        Assert.Equal("zcrx-0", Assert.Single(second.All.Nodes[first.Name].Queues).Name);
    }

    [Fact]
    public async Task Restart_of_a_queue_is_an_event_on_the_other_node()
    {
        await using ClusterNode first = await ClusterNode.StartAsync();
        first.Join(first);
        await using ClusterNode second = await ClusterNode.StartAsync();
        second.Join(first);
        ConcurrentQueue<ZcrxNodeEvent> events = new();
        using IDisposable subscription = second.All.Events.Subscribe(events.Enqueue);
        await Deadline.UntilAsync(() => second.All.Nodes.Count == 2, "both nodes are members");

        // The other node learns of subscribers only by gossip, so its first events may be lost. The restart is therefore repeated.
        await Deadline.UntilAsync(
            async () =>
            {
                Assert.IsType<ZcrxReply.Restarted>(await first.Zcrx.Supervisor.Ask<ZcrxReply>(new ZcrxCommand.RestartQueue("zcrx-0")).Within());
                return events.Any(happened => happened.Node == first.Name && happened is { Kind: "QueueOpened", Subject: "zcrx-0" });
            },
            static () => "the restart is seen on the other node");
    }

    [Fact]
    public async Task Exception_of_a_subscriber_or_restart_of_the_actor_does_not_end_the_events()
    {
        await using ClusterNode node = await ClusterNode.StartAsync();
        node.Join(node);
        int failures = 0;
        int events = 0;
        bool isCompleted = false;
        using IDisposable healthy = node.All.Events.Subscribe(_ => Interlocked.Increment(ref events), () => Volatile.Write(ref isCompleted, true));
        using IDisposable failing = node.All.Events.Subscribe(_ =>
        {
            Interlocked.Increment(ref failures);
            throw new InvalidOperationException("A subscriber of the test fails.");
        });
        await RestartUntilAsync(() => Volatile.Read(ref failures) > 1, "the failing subscriber receives a second event");

        // The actor does not expect this key, so it throws and restarts.
        node.System.ActorSelection("/user/zcrx-cluster").Tell(new Changed(new GSetKey<string>("other"), GSet<string>.Empty));
        await node.System.ActorSelection("/user/zcrx-cluster").Ask<ActorIdentity>(new Identify(null)).Within();
        int before = Volatile.Read(ref events);
        await RestartUntilAsync(() => Volatile.Read(ref events) > before, "events continue after the restart");

        Assert.False(Volatile.Read(ref isCompleted));

        Task RestartUntilAsync(Func<bool> condition, string expectation) => Deadline.UntilAsync(
            async () =>
            {
                Assert.IsType<ZcrxReply.Restarted>(await node.Zcrx.Supervisor.Ask<ZcrxReply>(new ZcrxCommand.RestartQueue("zcrx-0")).Within());
                return condition();
            },
            () => expectation);
    }
}
