using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.TestKit;
using Xunit.Abstractions;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Supervision;

/// <summary>Tests the supervisor as an actor without a host. Its messages are serialized unless they are local.</summary>
public sealed class SupervisorTests(ITestOutputHelper output) : ActorTest(output)
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task WhenStarted_is_answered_with_the_status_and_Stop_ends_the_supervisor()
    {
        var supervisor = Sys.ActorOf(ZcrxSupervisor.Props(Options()), "zcrx");
        var client = CreateTestProbe();
        await client.WatchAsync(supervisor);

        supervisor.Tell(new ZcrxCommand.WhenStarted(), client);
        var status = await client.ExpectMsgAsync<ZcrxStatus>();
        Assert.Equal((ZcrxState.Running, QueueState.Open), (status.State, status.Queues[0].State));

        supervisor.Tell(new ZcrxCommand.Stop(TimeSpan.Zero), client);
        Assert.Equal(ZcrxState.Stopped, (await client.ExpectMsgAsync<ZcrxStatus>()).State);
        await client.ExpectTerminatedAsync(supervisor);
    }

    [Fact]
    public async Task WhenStarted_is_answered_with_the_failure_of_a_port_in_use()
    {
        using Socket other = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var options = Options();
        options.Listeners.Add(new ZcrxListenerOptions { EndPoint = other.LocalEndPoint!.ToString()!, Handler = static _ => null! });
        var supervisor = Sys.ActorOf(ZcrxSupervisor.Props(options), "zcrx");

        // Uses Ask instead of Tell: Akka cannot deserialize Status.Failure, and a reply to Ask is not serialized.
        var failure = await Assert.ThrowsAsync<ZcrxException>(() => supervisor.Ask<ZcrxStatus>(new ZcrxCommand.WhenStarted()).WithinLimit());

        Assert.Equal("EADDRINUSE", failure.ErrorName);
    }

    [Fact]
    public async Task WhenStarted_is_answered_with_a_failure_when_the_supervisor_stops_first()
    {
        EmulatedFaultPlan faults = new();
        faults.FailRegistrations(1000, Interop.Abi.Errno.EBUSY);
        var options = Options(faults, Hour);
        var events = this.Subscribe(typeof(ZcrxEvent.QueueRestarting));
        var supervisor = Sys.ActorOf(ZcrxSupervisor.Props(options), "zcrx");
        var started = supervisor.Ask<ZcrxStatus>(new ZcrxCommand.WhenStarted());
        await events.ExpectMsgAsync<ZcrxEvent.QueueRestarting>();

        supervisor.Tell(new ZcrxCommand.Stop(TimeSpan.Zero));

        Assert.Equal("Zcrx is being stopped.", (await Assert.ThrowsAsync<InvalidOperationException>(() => started.WithinLimit())).Message);
    }

    [Fact]
    public async Task A_stop_during_the_back_off_cancels_the_restart()
    {
        var supervisor = await StartAsync(Options(backoff: Hour));
        var probe = this.Subscribe(typeof(ZcrxEvent.QueueRestarting), typeof(ZcrxEvent.QueueOpened), typeof(ZcrxEvent.Stopping), typeof(ZcrxEvent.Stopped));
        await probe.WatchAsync(supervisor);
        Sys.ActorSelection("/user/zcrx/queue-0/incarnation").Tell(Kill.Instance);
        await probe.ExpectMsgAsync<ZcrxEvent.QueueRestarting>();

        supervisor.Tell(new ZcrxCommand.Stop(TimeSpan.Zero));
        // Once the stop is announced, the supervisor has sent the command to the queue.
        await probe.ExpectMsgAsync<ZcrxEvent.Stopping>();
        Scheduler.Advance(2 * Hour);

        await probe.ExpectMsgAsync<ZcrxEvent.Stopped>();
        await probe.ExpectTerminatedAsync(supervisor);
    }

    private async Task<IActorRef> StartAsync(ZcrxOptions options)
    {
        var supervisor = Sys.ActorOf(ZcrxSupervisor.Props(options), "zcrx");
        var client = CreateTestProbe();
        supervisor.Tell(new ZcrxCommand.WhenStarted(), client);
        await client.ExpectMsgAsync<ZcrxStatus>();
        return supervisor;
    }

    private static ZcrxOptions Options(EmulatedFaultPlan? faults = null, TimeSpan? backoff = null)
    {
        ZcrxOptions options = new() { Engine = ZcrxEngine.Emulated };
        options.Queues.Add(new ZcrxQueueOptions { Name = "first", Engine = ZcrxEngine.Emulated, AreaSize = 256.KiB(), Emulation = new EmulatedKernelOptions { Faults = faults } });
        if (backoff is { } delay)
        {
            options.Restart.MinBackoff = options.Restart.MaxBackoff = delay;
        }

        return options;
    }
}
