using System.Net;
using System.Net.Sockets;
using Akka;
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Akka.Hosting;
using Akka.Remote;
using Akka.Remote.Transport;
using Zcrx.Actors;
using Zcrx.Cluster.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;
using Deadline = Zcrx.TestSupport.Deadline;

namespace Zcrx.Cluster.Tests.Membership;

/// <summary>Tests cluster ports. They are listeners that are bound only while their node is Up and on the side of the majority.</summary>
public class PortTests
{
    [Fact]
    public async Task Port_is_bound_while_the_node_is_a_member_and_its_connections_are_closed_when_it_leaves()
    {
        await using ClusterNode node = await ClusterNode.StartAsync(
            static options =>
            {
                options.DrainTimeout = TimeSpan.Zero;
                options.Listeners.Add(Door());
            },
            WithLongShutdown);
        TaskCompletionSource<Done> closed = HoldShutdown(node);
        Assert.False(node.Zcrx.EndPoints.ByName.ContainsKey("door"));

        node.Join(node);
        await Deadline.UntilAsync(() => node.Zcrx.EndPoints.ByName.ContainsKey("door"), "the port is bound");
        IPEndPoint endPoint = node.Zcrx.EndPoints["door"];
        using Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(endPoint).Within();
        node.Cluster.Leave(node.Cluster.SelfAddress);

        try
        {
            Assert.Equal(0, await ReceiveAsync(client));
            await Deadline.UntilAsync(() => !node.Zcrx.EndPoints.ByName.ContainsKey("door"), "the port is closed");
        }
        finally
        {
            closed.SetResult(Done.Instance);
        }
    }

    [Fact]
    public async Task Only_members_with_the_role_of_the_resolver_are_counted()
    {
        await using ClusterNode node = await ClusterNode.StartAsync(
            static options => options.Listeners.Add(Door()),
            static akka => WithThrottle(akka.AddHocon(
                "akka.cluster.split-brain-resolver.keep-majority.role = voter", HoconAddMode.Prepend)));
        await using ClusterNode second = await ClusterNode.StartAsync(akka: WithThrottle);
        await using ClusterNode voter = await ClusterNode.StartAsync(akka: static akka => WithThrottle(akka.AddHocon("akka.cluster.roles = [voter]", HoconAddMode.Prepend)));
        node.Join(node);
        second.Join(node);
        voter.Join(node);
        await Deadline.UntilAsync(() => node.Cluster.State.Members.Count(static member => member.Status == MemberStatus.Up) == 3, "three nodes are Up");
        await Deadline.UntilAsync(() => node.Zcrx.EndPoints.ByName.ContainsKey("door"), "the port is bound");

        // Two of three members are on this side, but only the member with the role `voter` counts, and it is on the other side.
        await SetThrottleAsync(node, Blackhole.Instance, voter);
        await SetThrottleAsync(second, Blackhole.Instance, voter);

        await Deadline.UntilAsync(() => !node.Zcrx.EndPoints.ByName.ContainsKey("door"), "the port is closed");
        Assert.Equal(MemberStatus.Up, node.Cluster.SelfMember.Status);
        await SetThrottleAsync(node, Unthrottled.Instance, voter);
        await SetThrottleAsync(second, Unthrottled.Instance, voter);
        await Deadline.UntilAsync(() => node.Zcrx.EndPoints.ByName.ContainsKey("door"), "the port is bound again");
    }

    [Fact]
    public async Task Port_of_a_node_that_reaches_two_members_that_do_not_reach_each_other_stays_open()
    {
        await using ClusterNode node = await ClusterNode.StartAsync(static options => options.Listeners.Add(Door()), WithThrottle);
        await using ClusterNode second = await ClusterNode.StartAsync(akka: WithThrottle);
        await using ClusterNode third = await ClusterNode.StartAsync(akka: WithThrottle);
        await FormClusterAsync(node, second, third);
        using Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(node.Zcrx.EndPoints["door"]).Within();

        await SetThrottleAsync(second, Blackhole.Instance, third);
        await SetThrottleAsync(third, Blackhole.Instance, second);
        await Deadline.UntilAsync(() => node.Cluster.State.Unreachable.Count == 2, "both members are reported as unreachable");
        // The cluster sends its state to the port first and then to the test. When the test has received it, the port has decided.
        IActorRef port = await node.System.ActorSelection("/user/zcrx-cluster-port-0").ResolveOne(Deadline.Limit).Within();
        Inbox inbox = Inbox.Create(node.System);
        node.Cluster.SendCurrentClusterState(port);
        node.Cluster.SendCurrentClusterState(inbox.Receiver);
        ClusterEvent.CurrentClusterState state = Assert.IsType<ClusterEvent.CurrentClusterState>(await inbox.ReceiveAsync(Deadline.Limit));
        await port.Ask<ActorIdentity>(new Identify(null)).Within();

        Assert.Equal(2, state.Unreachable.Count);
        await Deadline.UntilAsync(
            async () => (await node.Zcrx.GetStatusAsync()).Queues.SelectMany(static queue => queue.Connections).Any(), static () => "the connection is served");
        Assert.NotEqual(ZcrxConnectionState.Paused, Assert.Single((await node.Zcrx.GetStatusAsync()).Queues.SelectMany(static queue => queue.Connections)).State);
        Assert.True(node.Zcrx.EndPoints.ByName.ContainsKey("door"));
    }

    [Fact]
    public async Task Port_of_a_node_that_loses_the_majority_is_closed_and_its_connections_are_paused_until_the_partition_heals_and_closed_when_it_leaves()
    {
        int received = 0;
        ZcrxListenerOptions door = Door();
        door.Handler = connection => connection.Buffers.Subscribe(buffer => Interlocked.Add(ref received, buffer.Length));
        await using ClusterNode node = await ClusterNode.StartAsync(
            options =>
            {
                options.DrainTimeout = TimeSpan.Zero;
                options.Listeners.Add(door);
            },
            static akka =>
            {
                WithThrottle(akka);
                WithLongShutdown(akka);
            });
        await using ClusterNode second = await ClusterNode.StartAsync(akka: WithThrottle);
        await using ClusterNode third = await ClusterNode.StartAsync(akka: WithThrottle);
        await FormClusterAsync(node, second, third);
        using Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(node.Zcrx.EndPoints["door"]).Within();
        await client.SendAsync(new byte[10]).Within();
        await Deadline.UntilAsync(() => Volatile.Read(ref received) == 10, "the connection is served");

        await SetThrottleAsync(node, Blackhole.Instance, second, third);
        await Deadline.UntilAsync(() => !node.Zcrx.EndPoints.ByName.ContainsKey("door"), "the port is closed");
        // The node is still Up, because the split brain resolver has not decided yet.
        Assert.Equal(MemberStatus.Up, node.Cluster.SelfMember.Status);
        Assert.Equal(ZcrxConnectionState.Paused, Assert.Single((await node.Zcrx.GetStatusAsync()).Queues.SelectMany(static queue => queue.Connections)).State);
        await client.SendAsync(new byte[10]).Within();
        await SetThrottleAsync(node, Unthrottled.Instance, second, third);
        await Deadline.UntilAsync(() => node.Zcrx.EndPoints.ByName.ContainsKey("door"), "the port is bound again");

        await Deadline.UntilAsync(() => Volatile.Read(ref received) == 20, "the connection continues");
        using Socket later = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await later.ConnectAsync(node.Zcrx.EndPoints["door"]).Within();
        await later.SendAsync(new byte[10]).Within();
        await Deadline.UntilAsync(() => Volatile.Read(ref received) == 30, "the later connection is served");

        // The connections were accepted by different listeners, because the port was bound again after the partition. Leaving must close
        // both.
        TaskCompletionSource<Done> closed = HoldShutdown(node);
        try
        {
            node.Cluster.Leave(node.Cluster.SelfAddress);
            Assert.Equal((0, 0), (await ReceiveAsync(client), await ReceiveAsync(later)));
        }
        finally
        {
            closed.SetResult(Done.Instance);
        }
    }

    [Fact]
    public async Task Port_that_a_stuck_queue_keeps_open_in_a_partition_is_bound_again_when_the_partition_heals()
    {
        using ManualResetEventSlim release = new();
        int received = 0;
        ZcrxListenerOptions door = Door();
        door.Handler = connection => connection.Buffers.Subscribe(buffer =>
        {
            Interlocked.Add(ref received, buffer.Length);
            release.Wait(Deadline.Limit);
        });
        await using ClusterNode node = await ClusterNode.StartAsync(
            options => options.Listeners.Add(door), WithThrottle, static zcrx => zcrx.Configure(static options => options.BindTimeout = TimeSpan.FromMilliseconds(100)));
        await using ClusterNode second = await ClusterNode.StartAsync(akka: WithThrottle);
        await using ClusterNode third = await ClusterNode.StartAsync(akka: WithThrottle);
        await FormClusterAsync(node, second, third);
        using Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(node.Zcrx.EndPoints["door"]).Within();
        await client.SendAsync(new byte[10]).Within();
        await Deadline.UntilAsync(() => Volatile.Read(ref received) == 10, "the ring thread is stuck");

        await SetThrottleAsync(node, Blackhole.Instance, second, third);
        await Deadline.UntilAsync(() => !node.Zcrx.EndPoints.ByName.ContainsKey("door"), "the port is closed");
        await SetThrottleAsync(node, Unthrottled.Instance, second, third);
        await Deadline.UntilAsync(() => node.Zcrx.EndPoints.ByName.ContainsKey("door"), "the port is bound again");

        release.Set();
        using Socket later = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await later.ConnectAsync(node.Zcrx.EndPoints["door"]).Within();
        await later.SendAsync(new byte[10]).Within();
        await client.SendAsync(new byte[10]).Within();
        await Deadline.UntilAsync(() => Volatile.Read(ref received) == 30, "both connections are served");
    }

    [Fact]
    public async Task Port_with_a_fixed_number_that_a_stuck_queue_keeps_open_is_bound_again_after_the_partition_when_the_queue_continues()
    {
        using ManualResetEventSlim release = new();
        int received = 0;
        ZcrxListenerOptions door = Door();
        using (Socket free = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            free.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            door.EndPoint = $"{free.LocalEndPoint}";
        }

        door.Handler = connection => connection.Buffers.Subscribe(buffer =>
        {
            Interlocked.Add(ref received, buffer.Length);
            release.Wait(Deadline.Limit);
        });
        await using ClusterNode node = await ClusterNode.StartAsync(
            options => options.Listeners.Add(door),
            static akka => WithThrottle(akka.AddHocon("akka.loglevel = WARNING", HoconAddMode.Prepend)),
            static zcrx => zcrx.Configure(static options => options.BindTimeout = TimeSpan.FromSeconds(1)));
        await using ClusterNode second = await ClusterNode.StartAsync(akka: WithThrottle);
        await using ClusterNode third = await ClusterNode.StartAsync(akka: WithThrottle);
        await FormClusterAsync(node, second, third);
        using Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(node.Zcrx.EndPoints["door"]).Within();
        await client.SendAsync(new byte[10]).Within();
        await Deadline.UntilAsync(() => Volatile.Read(ref received) == 10, "the ring thread is stuck");
        Inbox warnings = Inbox.Create(node.System);
        node.System.EventStream.Subscribe(warnings.Receiver, typeof(Warning));

        await SetThrottleAsync(node, Blackhole.Instance, second, third);
        await Deadline.UntilAsync(() => !node.Zcrx.EndPoints.ByName.ContainsKey("door"), "the port is closed");
        await SetThrottleAsync(node, Unthrottled.Instance, second, third);
        await Task.Run(() => warnings.ReceiveWhere(static message => $"{((Warning)message).Message}".StartsWith("Could not change listener door", StringComparison.Ordinal), Deadline.Limit));
        Assert.False(node.Zcrx.EndPoints.ByName.ContainsKey("door"));
        release.Set();

        await Deadline.UntilAsync(() => node.Zcrx.EndPoints.ByName.ContainsKey("door"), "the port is bound again");
        Assert.Equal(door.EndPoint, $"{node.Zcrx.EndPoints["door"]}");
        using Socket later = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await later.ConnectAsync(node.Zcrx.EndPoints["door"]).Within();
        await later.SendAsync(new byte[10]).Within();
        await client.SendAsync(new byte[10]).Within();
        await Deadline.UntilAsync(() => Volatile.Read(ref received) == 30, "both connections are served");
    }

    [Fact]
    public void Invalid_options_are_refused_all_at_once_with_their_paths()
    {
        ZcrxClusterOptions options = new() { StatusInterval = TimeSpan.Zero, DrainTimeout = TimeSpan.FromDays(2) };
        options.Listeners.Add(Door());
        options.Listeners.Add(new ZcrxListenerOptions { EndPoint = "127.0.0.1:0", Handler = Door().Handler });

        ZcrxConfigurationException error = Assert.Throws<ZcrxConfigurationException>(options.ThrowIfInvalid);

        Assert.Equal(["StatusInterval", "DrainTimeout", "Listeners:1:Name"], error.Errors.Select(static problem => problem.Path));
        Assert.Equal(
            ["Partitions", "MaxUnacknowledged", "ResendTimeout"],
            Assert.Throws<ZcrxConfigurationException>(new ZcrxShardOptions { Partitions = 0, MaxUnacknowledged = 0, ResendTimeout = TimeSpan.Zero }.ThrowIfInvalid).Errors.Select(static problem => problem.Path));
    }

    // Joins three nodes to a cluster, and waits until the port of the first one is bound.
    private static async Task FormClusterAsync(ClusterNode node, ClusterNode second, ClusterNode third)
    {
        node.Join(node);
        second.Join(node);
        third.Join(node);
        await Deadline.UntilAsync(() => third.Cluster.State.Members.Count(static member => member.Status == MemberStatus.Up) == 3, "three nodes are Up");
        await Deadline.UntilAsync(() => node.Zcrx.EndPoints.ByName.ContainsKey("door"), "the port is bound");
    }

    private static void WithLongShutdown(AkkaConfigurationBuilder akka) =>
        akka.AddHocon("akka.coordinated-shutdown.phases.before-service-unbind.timeout = 10m", HoconAddMode.Prepend);

    /// <summary>
    /// Delays the stop of a node until the test completes the returned source. A node that has left stops, which also closes its ports and
    /// connections. During the delay, only leaving can have closed them.
    /// </summary>
    private static TaskCompletionSource<Done> HoldShutdown(ClusterNode node)
    {
        TaskCompletionSource<Done> closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        CoordinatedShutdown.Get(node.System).AddTask(CoordinatedShutdown.PhaseBeforeServiceUnbind, "closed", () => closed.Task);
        return closed;
    }

    private static void WithThrottle(AkkaConfigurationBuilder akka) =>
        akka.AddHocon("akka.remote.dot-netty.tcp.applied-adapters = [trttl]", HoconAddMode.Prepend);

    private static async Task SetThrottleAsync(ClusterNode node, ThrottleMode mode, params ClusterNode[] others)
    {
        foreach (ClusterNode other in others)
        {
            Assert.True(await ((IRemoteActorRefProvider)((ExtendedActorSystem)node.System).Provider).Transport
                .ManagementCommand(new SetThrottle(other.Cluster.SelfAddress, ThrottleTransportAdapter.Direction.Both, mode)).Within());
        }
    }

    private static ZcrxListenerOptions Door() => new()
    {
        Name = "door",
        EndPoint = "127.0.0.1:0",
        Handler = static connection => connection.Buffers.Subscribe(static _ => { }),
    };

    // If the connection is reset, this call throws and the test fails.
    private static Task<int> ReceiveAsync(Socket client) => client.ReceiveAsync(new byte[1]).Within("the connection ends");
}
