using System.Net.Sockets;
using Akka.Actor;
using Zcrx.Actors.Supervision;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Supervision;

public class RestartTests
{
    [Fact]
    public async Task A_ring_thread_that_dies_is_replaced_on_the_same_port_and_the_streams_go_on()
    {
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx.Listen("127.0.0.1:0", received.Handle));
        using Probe probe = new(host.System, typeof(ZcrxEvent));
        using var client = await host.ConnectAsync();
        await client.SendAsync(new byte[1000]);
        var first = await received.StreamAsync(0);
        await Eventually.TrueAsync(() => first.Length == 1000, "the first bytes arrive");
        var port = host.Zcrx.EndPoints[0].Port;

        host.Crash("zcrx-0");

        var restarting = probe.Expect<ZcrxEvent.QueueRestarting>();
        Assert.Equal(("zcrx-0", 1), (restarting.Queue, restarting.Attempt));
        Assert.IsType<CrashException>(restarting.Cause);
        probe.Expect<ZcrxEvent.QueueOpened>();
        var continued = probe.Expect<ZcrxEvent.ConnectionsContinued>();
        Assert.Equal(("zcrx-0", 1), (continued.Queue, continued.Connections));

        await client.SendAsync(new byte[500]);
        await Eventually.TrueAsync(() => first.Length == 1500, "the old connection goes on");
        using var next = await host.ConnectAsync();
        await next.SendAsync(new byte[2000]);
        var stream = await received.StreamAsync(1);
        await Eventually.TrueAsync(() => stream.Length == 2000, "the bytes arrive after the restart");

        var status = await host.Zcrx.GetStatusAsync();
        Assert.Equal(ZcrxState.Running, status.State);
        Assert.Equal((QueueState.Open, 1L), (status.Queues[0].State, status.Queues[0].Restarts));
        Assert.IsType<CrashException>(status.Queues[0].LastError);
        Assert.Equal(port, status.Listeners[0].EndPoint!.Port);
        Assert.True(host.Log.Has(1102));
        Assert.True(host.Log.Has(1120));
    }

    [Fact]
    public async Task A_queue_actor_that_is_killed_is_replaced_and_the_streams_go_on()
    {
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx.Listen("127.0.0.1:0", received.Handle));
        using Probe probe = new(host.System, typeof(ZcrxEvent));
        using var client = await host.ConnectAsync();
        var stream = await received.StreamAsync(0);

        host.System.ActorSelection("/user/zcrx/queue-0").Tell(Kill.Instance);

        Assert.IsType<ActorKilledException>(probe.Expect<ZcrxEvent.QueueRestarting>().Cause);
        probe.Expect<ZcrxEvent.QueueOpened>();
        await client.SendAsync(new byte[321]);
        await Eventually.TrueAsync(() => stream.Length == 321, "the old connection goes on");
        await SendAndReceiveAsync(host, received, 1);
    }

    [Fact]
    public async Task A_listener_that_is_killed_keeps_its_port_and_its_connections()
    {
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx.Listen("127.0.0.1:0", received.Handle));
        using var client = await host.ConnectAsync();
        var stream = await received.StreamAsync(0);

        host.System.ActorSelection("/user/zcrx/listener-0").Tell(Kill.Instance);

        await Eventually.TrueAsync(() => host.Log.Has(1202), "the failure is logged");
        await SendAndReceiveAsync(host, received, 1);
        await client.SendAsync(new byte[10]);
        await Eventually.TrueAsync(() => stream.Length == 10, "the old connection goes on");
        Assert.Equal(2, (await host.Zcrx.GetStatusAsync()).Listeners[0].Accepted);
    }

    [Fact]
    public async Task Other_queues_go_on_while_one_is_down()
    {
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx
            .AddQueues(2, 1.MiB())
            .Configure(static options => options.Restart.MinBackoff = options.Restart.MaxBackoff = TimeSpan.FromHours(1))
            .Listen("127.0.0.1:0", received.Handle));
        using Probe probe = new(host.System, typeof(ZcrxEvent.QueueRestarting));

        host.Crash("zcrx-0");
        Assert.InRange(probe.Expect<ZcrxEvent.QueueRestarting>().Delay, TimeSpan.FromHours(1), TimeSpan.FromHours(1.2));

        for (int i = 0; i < 5; i++)
        {
            await SendAndReceiveAsync(host, received, i);
        }

        var status = await host.Zcrx.GetStatusAsync();
        Assert.Equal([QueueState.Restarting, QueueState.Open], status.Queues.Select(queue => queue.State));
        Assert.Equal(5, status.Queues[1].Statistics!.ConnectionsOpened);
        Assert.NotNull(status.Queues[0].RestartDelay);

        // Told to, it does not wait for the hour to end.
        var reopened = await host.RestartAsync("zcrx-0");
        Assert.Equal(QueueState.Open, reopened.State);
    }

    [Fact]
    public async Task A_queue_that_fails_too_often_is_given_up_visibly_and_can_be_revived()
    {
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx
            .Configure(static options => options.Restart.MaxRestarts = 2)
            .Listen("127.0.0.1:0", received.Handle));
        using Probe probe = new(host.System, typeof(ZcrxEvent.QueueOpened), typeof(ZcrxEvent.QueueFailed));
        for (int i = 0; i < 2; i++)
        {
            host.Crash("zcrx-0");
            probe.Expect<ZcrxEvent.QueueOpened>();
        }

        host.Crash("zcrx-0");

        var failed = probe.Expect<ZcrxEvent.QueueFailed>();
        Assert.StartsWith("it failed 3 times", failed.Reason);
        var status = await host.Zcrx.GetStatusAsync();
        Assert.Equal((ZcrxState.Running, QueueState.Failed), (status.State, status.Queues[0].State));
        Assert.Equal(2, status.Queues[0].Restarts);
        Assert.True(host.Log.Has(1103));

        // The port is still there: who connects now waits in the backlog, and is served after the revival.
        using var patient = await host.ConnectAsync();
        await patient.SendAsync(new byte[7]);
        Assert.Equal(QueueState.Open, (await host.RestartAsync("zcrx-0")).State);
        var stream = await received.StreamAsync(0);
        await Eventually.TrueAsync(() => stream.Length == 7, "the waiting client is served");
    }

    [Fact]
    public async Task A_failure_that_no_attempt_cures_ends_the_queue_at_once()
    {
        await using var host = await TestHost.StartAsync(static zcrx => zcrx.Listen("127.0.0.1:0", static _ => null!));
        using Probe probe = new(host.System, typeof(ZcrxEvent));

        host.Crash("zcrx-0", new ZcrxDeviceException("Receiving", 19, "the interface is gone", "bring it back"));

        Assert.Equal("no attempt would cure this", probe.Expect<ZcrxEvent.QueueFailed>().Reason);
        Assert.Equal(0, (await host.Zcrx.GetStatusAsync()).Queues[0].Restarts);
    }

    [Fact]
    public async Task A_planned_restart_loses_nothing_and_no_connection()
    {
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx.Listen("127.0.0.1:0", received.Handle));
        using var client = await host.ConnectAsync();
        var stream = await received.StreamAsync(0);
        await client.SendAsync(new byte[50_000]);

        var reopened = await host.RestartAsync("zcrx-0", TimeSpan.FromSeconds(30));

        Assert.Equal((QueueState.Open, 1L), (reopened.State, reopened.Restarts));
        Assert.Null(reopened.LastError);
        await client.SendAsync(new byte[50_000]);
        await Eventually.TrueAsync(() => stream.Length == 100_000, "the connection goes on");
        Assert.False(stream.Ended.IsCompleted);
        await SendAndReceiveAsync(host, received, 1);
    }

    [Fact]
    public async Task A_supervisor_that_is_killed_takes_everything_along_and_the_host_can_still_stop()
    {
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx.Listen("127.0.0.1:0", received.Handle));
        using var client = await host.ConnectAsync();
        var stream = await received.StreamAsync(0);

        host.Zcrx.Supervisor.Tell(Kill.Instance);

        Assert.IsType<ZcrxStreamException>(await stream.Ended.WithinLimit());
        await Eventually.TrueAsync(() => host.Log.Has(1006), "the end is logged");
        await Eventually.TrueAsync(async () => (await host.Zcrx.GetStatusAsync()).State == ZcrxState.Stopped, "the status says so");
        await Assert.ThrowsAsync<SocketException>(() => host.ConnectAsync());
        await host.StopAsync();
    }

    [Fact]
    public async Task Restarting_a_queue_that_is_not_there_is_refused_with_the_names_of_those_that_are()
    {
        await using var host = await TestHost.StartAsync(static zcrx => zcrx.AddQueues(2));

        var reply = Assert.IsType<ZcrxReply.Failed>(await host.Zcrx.Supervisor.Ask<ZcrxReply>(new ZcrxCommand.RestartQueue("eth9")).WithinLimit());

        Assert.Equal((ZcrxFailure.NoSuchQueue, "There is no queue 'eth9'; there are zcrx-0, zcrx-1."), (reply.Reason, reply.Message));
    }

    private static async Task SendAndReceiveAsync(TestHost host, Received received, int index)
    {
        using var client = await host.ConnectAsync();
        await client.SendAsync(new byte[123]);
        var stream = await received.StreamAsync(index);
        await Eventually.TrueAsync(() => stream.Length == 123, "the bytes arrive");
    }
}
