using System.Net.Sockets;
using Akka.Actor;
using Akka.TestKit;
using Zcrx.Actors.Queues;
using Zcrx.Actors.Supervision;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Supervision;

/// <summary>Tests restarts of queues, listeners and the supervisor. The restart delays pass in virtual time.</summary>
public sealed class RestartTests : IDisposable
{
    private readonly VirtualTime _time = new();
    private readonly Received _received = new();

    public void Dispose() => _time.Dispose();

    [Fact]
    public async Task A_queue_whose_ring_thread_crashes_restarts_on_the_same_port_and_resumes_its_streams()
    {
        await using var host = await StartAsync();
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent));
        using var client = await host.ConnectAsync();
        await client.SendAsync(Payload.Bytes(1000));
        var first = await _received.StreamAsync(0);
        await first.AssertReceivedAsync(1000);
        var port = host.Zcrx.EndPoints[0].Port;

        host.Crash("zcrx-0");

        var restarting = await probe.FishForMessageAsync<ZcrxEvent.QueueRestarting>();
        Assert.Equal(("zcrx-0", 1), (restarting.Queue, restarting.Attempt));
        Assert.IsType<CrashException>(restarting.Cause);
        await PassAsync(host, restarting.Delay);
        await probe.FishForMessageAsync<ZcrxEvent.QueueOpened>();
        var continued = await probe.FishForMessageAsync<ZcrxEvent.ConnectionsContinued>();
        Assert.Equal(("zcrx-0", 1), (continued.Queue, continued.Connections));

        await client.SendAsync(Payload.Bytes(1000, 500));
        await first.AssertReceivedAsync(1500);
        await SendAndReceiveAsync(host, 1);

        var status = await host.Zcrx.GetStatusAsync();
        Assert.Equal(ZcrxState.Running, status.State);
        Assert.Equal((QueueState.Open, 1L), (status.Queues[0].State, status.Queues[0].Restarts));
        Assert.IsType<CrashException>(status.Queues[0].LastError);
        Assert.Equal(port, status.Listeners[0].EndPoint!.Port);
        Assert.True(host.Log.Has(1102));
        Assert.True(host.Log.Has(1120));
        Assert.False(host.Log.Has(1211), "one failure was reported twice");
    }

    [Fact]
    public async Task A_failed_queue_stays_closed_until_its_back_off_has_passed()
    {
        var hour = TimeSpan.FromHours(1);
        await using var host = await StartAsync(options => (options.MinBackoff, options.MaxBackoff, options.RandomFactor) = (hour, hour, 0));
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent));

        host.Crash("zcrx-0");
        Assert.Equal(hour, (await probe.FishForMessageAsync<ZcrxEvent.QueueRestarting>()).Delay);

        await PassAsync(host, hour - TimeSpan.FromTicks(1));
        Assert.Equal(QueueState.Restarting, (await host.Zcrx.GetStatusAsync()).Queues[0].State);
        _time.Advance(TimeSpan.FromTicks(1));
        await probe.FishForMessageAsync<ZcrxEvent.QueueOpened>();
    }

    [Fact]
    public async Task The_back_off_doubles_up_to_its_maximum_and_starts_over_when_a_queue_stays_open()
    {
        await using var host = await StartAsync(static options =>
        {
            (options.MinBackoff, options.MaxBackoff, options.RandomFactor) = (TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(25), 0);
            options.Within = TimeSpan.FromMinutes(5);
        });
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent.QueueRestarting), typeof(ZcrxEvent.QueueOpened));

        List<double> delays = [];
        for (var i = 0; i < 4; i++)
        {
            if (i == 3)
            {
                _time.Advance(TimeSpan.FromMinutes(6));
            }

            host.Crash("zcrx-0");
            var restarting = await probe.ExpectMsgAsync<ZcrxEvent.QueueRestarting>();
            delays.Add(restarting.Delay.TotalSeconds);
            await PassAsync(host, restarting.Delay);
            await probe.ExpectMsgAsync<ZcrxEvent.QueueOpened>();
        }

        Assert.Equal([10, 20, 25, 10], delays);
    }

    [Fact]
    public async Task A_queue_whose_actor_is_killed_restarts_and_resumes_its_streams()
    {
        await using var host = await StartAsync();
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent));
        using var client = await host.ConnectAsync();
        var stream = await _received.StreamAsync(0);

        host.System.ActorSelection("/user/zcrx/queue-0/incarnation").Tell(Kill.Instance);

        var restarting = await probe.FishForMessageAsync<ZcrxEvent.QueueRestarting>();
        Assert.IsType<ActorKilledException>(restarting.Cause);
        await PassAsync(host, restarting.Delay);
        await probe.FishForMessageAsync<ZcrxEvent.QueueOpened>();
        await client.SendAsync(Payload.Bytes(321));
        await stream.AssertReceivedAsync(321);
        await SendAndReceiveAsync(host, 1);
    }

    [Fact]
    public async Task A_listener_that_is_killed_keeps_its_port_and_its_connections()
    {
        await using var host = await StartAsync();
        using var client = await host.ConnectAsync();
        var stream = await _received.StreamAsync(0);

        host.System.ActorSelection("/user/zcrx/listener-0").Tell(Kill.Instance);

        await host.Kit.AwaitConditionAsync(() => host.Log.Has(1202), "the failure is logged");
        await SendAndReceiveAsync(host, 1);
        await client.SendAsync(Payload.Bytes(10));
        await stream.AssertReceivedAsync(10);
        Assert.Equal(2, (await host.Zcrx.GetStatusAsync()).Listeners[0].Accepted);
    }

    [Fact]
    public async Task Other_queues_serve_while_a_failed_one_waits_for_its_restart()
    {
        await using var host = await StartAsync(static options => options.MinBackoff = options.MaxBackoff = TimeSpan.FromHours(1), queues: 2);
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent.QueueRestarting));

        host.Crash("zcrx-0");
        Assert.InRange((await probe.ExpectMsgAsync<ZcrxEvent.QueueRestarting>()).Delay, TimeSpan.FromHours(1), TimeSpan.FromHours(1.2));

        for (int i = 0; i < 5; i++)
        {
            await SendAndReceiveAsync(host, i);
        }

        var status = await host.Zcrx.GetStatusAsync();
        Assert.Equal([QueueState.Restarting, QueueState.Open], status.Queues.Select(queue => queue.State));
        Assert.Equal(5, status.Queues[1].Statistics!.ConnectionsOpened);
        Assert.NotNull(status.Queues[0].RestartDelay);

        // A command does not wait for the restart delay.
        var reopened = await host.RestartAsync("zcrx-0");
        Assert.Equal(QueueState.Open, reopened.State);
    }

    [Fact]
    public async Task A_queue_that_fails_too_often_is_reported_as_failed_and_a_command_restarts_it()
    {
        await using var host = await StartAsync(static options => options.MaxRestarts = 2);
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent.QueueRestarting), typeof(ZcrxEvent.QueueOpened), typeof(ZcrxEvent.QueueFailed));
        for (int i = 0; i < 2; i++)
        {
            await CrashAndRestartAsync(host, probe);
        }

        host.Crash("zcrx-0");

        var failed = await probe.ExpectMsgAsync<ZcrxEvent.QueueFailed>();
        Assert.StartsWith("it failed 3 times", failed.Reason);
        var status = await host.Zcrx.GetStatusAsync();
        Assert.Equal((ZcrxState.Running, QueueState.Failed), (status.State, status.Queues[0].State));
        Assert.Equal(2, status.Queues[0].Restarts);
        Assert.True(host.Log.Has(1103));

        // The port stays open: a client that connects now waits in the backlog and is served after the restart.
        using var waiting = await host.ConnectAsync();
        await waiting.SendAsync(Payload.Bytes(7));
        Assert.Equal(QueueState.Open, (await host.RestartAsync("zcrx-0")).State);
        await (await _received.StreamAsync(0)).AssertReceivedAsync(7);
    }

    [Fact]
    public async Task A_permanent_failure_fails_the_queue_at_once()
    {
        await using var host = await StartAsync();
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent));

        host.Crash("zcrx-0", new ZcrxDeviceException("Receiving", 19, "the interface is gone", "bring it back"));

        Assert.Equal("a restart cannot fix this", (await probe.FishForMessageAsync<ZcrxEvent.QueueFailed>()).Reason);
        Assert.Equal(0, (await host.Zcrx.GetStatusAsync()).Queues[0].Restarts);
    }

    [Fact]
    public async Task A_planned_restart_keeps_every_byte_and_every_connection()
    {
        await using var host = await StartAsync();
        using var client = await host.ConnectAsync();
        var stream = await _received.StreamAsync(0);
        await client.SendAsync(Payload.Bytes(50_000));

        var reopened = await host.RestartAsync("zcrx-0", TimeSpan.FromSeconds(30));

        Assert.Equal((QueueState.Open, 1L), (reopened.State, reopened.Restarts));
        Assert.Null(reopened.LastError);
        await client.SendAsync(Payload.Bytes(50_000, 50_000));
        await stream.AssertReceivedAsync(100_000);
        Assert.False(stream.Ended.IsCompleted);
        await SendAndReceiveAsync(host, 1);
    }

    [Fact]
    public async Task A_supervisor_that_is_killed_ends_every_connection_and_the_host_still_stops()
    {
        await using var host = await StartAsync();
        var probe = host.Kit.CreateTestProbe();
        await probe.WatchAsync(host.Zcrx.Supervisor);
        using var client = await host.ConnectAsync();
        var stream = await _received.StreamAsync(0);

        host.Zcrx.Supervisor.Tell(Kill.Instance);

        Assert.IsType<ZcrxStreamException>(await stream.Ended.WithinLimit());
        await probe.ExpectTerminatedAsync(host.Zcrx.Supervisor);
        await host.Kit.AwaitConditionAsync(() => host.Log.Has(1006), "the end is logged");
        await host.Kit.AwaitConditionAsync(async () => (await host.Zcrx.GetStatusAsync()).State == ZcrxState.Stopped, "the status is Stopped");
        await Assert.ThrowsAsync<SocketException>(() => host.ConnectAsync());
        await host.StopAsync();
    }

    [Fact]
    public async Task Restarting_an_unknown_queue_is_refused_with_the_names_of_the_queues()
    {
        await using var host = await StartAsync(queues: 2);

        var reply = Assert.IsType<ZcrxReply.Failed>(await host.Zcrx.Supervisor.Ask<ZcrxReply>(new ZcrxCommand.RestartQueue("eth9")).WithinLimit());

        Assert.Equal((ZcrxFailure.NoSuchQueue, "There is no queue 'eth9'; there are zcrx-0, zcrx-1."), (reply.Reason, reply.Message));
    }

    private Task<TestHost> StartAsync(Action<ZcrxRestartOptions>? configure = null, int queues = 1) => TestHost.StartAsync(
        zcrx => zcrx
            .AddQueues(queues, 1.MiB())
            .Configure(options => configure?.Invoke(options.Restart))
            .Listen("127.0.0.1:0", _received.Handle),
        _time.AddTo);

    private async Task CrashAndRestartAsync(TestHost host, TestProbe probe)
    {
        host.Crash("zcrx-0");
        await PassAsync(host, (await probe.ExpectMsgAsync<ZcrxEvent.QueueRestarting>()).Delay);
        await probe.ExpectMsgAsync<ZcrxEvent.QueueOpened>();
    }

    /// <summary>Advances the time after an answer of the supervisor, because the timer of the restart exists by then.</summary>
    private async Task PassAsync(TestHost host, TimeSpan delay)
    {
        await host.Zcrx.GetStatusAsync();
        _time.Advance(delay);
    }

    private async Task SendAndReceiveAsync(TestHost host, int index)
    {
        using var client = await host.ConnectAsync();
        await client.SendAsync(Payload.Bytes(123));
        await (await _received.StreamAsync(index)).AssertReceivedAsync(123);
    }
}
