using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Supervision;

public class EscalationTests
{
    [Fact]
    public async Task Connections_of_a_queue_that_is_given_up_go_on_elsewhere()
    {
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx.AddQueues(2, 1.MiB()).Listen("127.0.0.1:0", received.Handle));
        using Probe probe = new(host.System, typeof(ZcrxEvent.ConnectionsContinued), typeof(ZcrxEvent.QueueFailed));
        using var first = await host.ConnectAsync();
        using var second = await host.ConnectAsync();
        Received.Stream[] streams = [await received.StreamAsync(0), await received.StreamAsync(1)];

        host.Crash("zcrx-0", Permanent());
        probe.Expect<ZcrxEvent.QueueFailed>();
        await first.SendAsync(new byte[100]);
        await second.SendAsync(new byte[100]);

        await Eventually.TrueAsync(() => streams.All(static stream => stream.Length == 100), "both go on, wherever they were");
        Assert.False(streams[0].Ended.IsCompleted || streams[1].Ended.IsCompleted);
    }

    [Fact]
    public async Task Connections_do_not_wait_for_a_queue_that_comes_back_late_when_another_is_open()
    {
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx
            .AddQueues(2, 1.MiB())
            .Configure(static options => options.Restart.MinBackoff = options.Restart.MaxBackoff = TimeSpan.FromHours(1))
            .Listen("127.0.0.1:0", received.Handle));
        using var first = await host.ConnectAsync();
        using var second = await host.ConnectAsync();
        Received.Stream[] streams = [await received.StreamAsync(0), await received.StreamAsync(1)];

        host.Crash("zcrx-1");
        await first.SendAsync(new byte[100]);
        await second.SendAsync(new byte[100]);

        await Eventually.TrueAsync(() => streams.All(static stream => stream.Length == 100), "both go on at once");
    }

    [Fact]
    public async Task With_no_queue_left_connections_are_told_where_they_stood()
    {
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx.Listen("127.0.0.1:0", received.Handle));
        using var client = await host.ConnectAsync();
        await client.SendAsync(new byte[77]);
        var stream = await received.StreamAsync(0);
        await Eventually.TrueAsync(() => stream.Length == 77, "the bytes arrive");

        host.Crash("zcrx-0", Permanent());

        var error = Assert.IsType<ZcrxStreamException>(await stream.Ended.WithinLimit());
        Assert.Equal(77, error.StreamOffset);
        Assert.Contains("no other went on with it", error.Cause, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_queue_whose_NIC_is_gone_falls_back_and_its_connections_go_on()
    {
        EmulatedNic nic = new(new EmulatedNicOptions { RxQueues = 1 });
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx
            .AddQueue(new ZcrxQueueOptions { Name = "nic", Engine = ZcrxEngine.Emulated, Interface = nic.Name, AreaSize = 1.MiB(), Emulation = new EmulatedKernelOptions { Nics = [nic] } })
            .Configure(static options => options.Restart.WhenGivenUp = ZcrxEscalation.FallBack)
            .Listen("127.0.0.1:0", received.Handle));
        using Probe probe = new(host.System, typeof(ZcrxEvent));
        using var client = await host.ConnectAsync();
        await client.SendAsync(new byte[50]);
        var stream = await received.StreamAsync(0);
        await Eventually.TrueAsync(() => stream.Length == 50, "the bytes arrive");
        Assert.True(nic.IsBound(0));

        nic.Remove();
        host.Crash("nic");

        probe.Expect<ZcrxEvent.QueueFellBack>();
        await Eventually.TrueAsync(async () => (await host.Zcrx.GetStatusAsync()).Queues[0].State == QueueState.Open, "the queue is open without it");
        await client.SendAsync(new byte[50]);
        await Eventually.TrueAsync(() => stream.Length == 100, "the connection goes on");
    }

    [Fact]
    public async Task A_queue_that_somebody_still_holds_is_waited_for()
    {
        EmulatedFaultPlan faults = new();
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx
            .AddQueue(new ZcrxQueueOptions { Name = "nic", Engine = ZcrxEngine.Emulated, AreaSize = 1.MiB(), Emulation = new EmulatedKernelOptions { Faults = faults } })
            .Listen("127.0.0.1:0", received.Handle));
        using Probe probe = new(host.System, typeof(ZcrxEvent));
        faults.FailRegistrations(4, Errno.EBUSY);

        host.Crash("nic");

        probe.Expect<ZcrxEvent.QueueRestarting>();
        // One failure, and no other: the attempts at a busy queue are one.
        probe.Expect<ZcrxEvent.QueueOpened>();
        Assert.Equal(1, (await host.Zcrx.GetStatusAsync()).Queues[0].Restarts);
    }

    private static ZcrxDeviceException Permanent() => new("Receiving", Errno.ENODEV, "the interface is gone", "bring it back");
}
