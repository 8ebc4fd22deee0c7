using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Supervision;

/// <summary>Tests on which queue the connections of a failed queue resume. The restart delays pass in virtual time.</summary>
public sealed class EscalationTests : IDisposable
{
    private readonly VirtualTime _time = new();
    private readonly Received _received = new();

    public void Dispose() => _time.Dispose();

    [Fact]
    public async Task Connections_of_a_failed_queue_continue_on_another()
    {
        await using var host = await StartAsync(zcrx => zcrx.AddQueues(2, 1.MiB()));
        using var first = await host.ConnectAsync();
        using var second = await host.ConnectAsync();
        Received.Stream[] streams = [await _received.StreamAsync(0), await _received.StreamAsync(1)];
        // Moves both connections to the queue that will fail, because either queue may have accepted them.
        foreach (var stream in streams)
        {
            await host.MoveAsync(stream.Connection, "zcrx-0");
        }

        var probe = host.Kit.Subscribe(typeof(ZcrxEvent.ConnectionsContinued), typeof(ZcrxEvent.QueueFailed));
        host.Crash("zcrx-0", Permanent());
        await probe.ExpectMsgAsync<ZcrxEvent.QueueFailed>();
        await first.SendAsync(Payload.Bytes(100));
        await second.SendAsync(Payload.Bytes(100));

        await streams[0].AssertReceivedAsync(100);
        await streams[1].AssertReceivedAsync(100);
        Assert.False(streams[0].Ended.IsCompleted || streams[1].Ended.IsCompleted);
        Assert.All(streams, static stream => Assert.Equal("zcrx-1", stream.Connection.QueueName));
        var continued = await probe.ExpectMsgAsync<ZcrxEvent.ConnectionsContinued>();
        Assert.Equal(("zcrx-0", 2), (continued.Queue, continued.Connections));
        Assert.Equal(["zcrx-1"], continued.Targets);
    }

    [Fact]
    public async Task Connections_of_a_queue_with_a_long_back_off_continue_on_another_at_once()
    {
        await using var host = await StartAsync(static zcrx => zcrx
            .AddQueues(2, 1.MiB())
            .Configure(static options => options.Restart.MinBackoff = options.Restart.MaxBackoff = TimeSpan.FromHours(1)));
        using var client = await host.ConnectAsync();
        var stream = await _received.StreamAsync(0);
        await host.MoveAsync(stream.Connection, "zcrx-1");
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent.QueueRestarting));

        host.Crash("zcrx-1");
        await probe.ExpectMsgAsync<ZcrxEvent.QueueRestarting>();
        await client.SendAsync(Payload.Bytes(100));

        await stream.AssertReceivedAsync(100);
        Assert.Equal("zcrx-0", stream.Connection.QueueName);
        Assert.Equal(QueueState.Restarting, (await host.Zcrx.GetStatusAsync()).Queues[1].State);
    }

    [Fact]
    public async Task Streams_of_the_last_queue_end_with_an_error_that_gives_their_offset()
    {
        await using var host = await StartAsync(static _ => { });
        using var client = await host.ConnectAsync();
        await client.SendAsync(Payload.Bytes(77));
        var stream = await _received.StreamAsync(0);
        await stream.AssertReceivedAsync(77);

        host.Crash("zcrx-0", Permanent());

        var error = Assert.IsType<ZcrxStreamException>(await stream.Ended.WithinLimit());
        Assert.Equal(77, error.StreamOffset);
        Assert.Contains("no other resumed it", error.Cause, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_queue_whose_NIC_is_removed_falls_back_and_resumes_its_connections()
    {
        EmulatedNic nic = new(new EmulatedNicOptions { RxQueues = 1 });
        await using var host = await StartAsync(zcrx => zcrx
            .AddQueue(new ZcrxQueueOptions { Name = "nic", Engine = ZcrxEngine.Emulated, Interface = nic.Name, AreaSize = 1.MiB(), Emulation = new EmulatedKernelOptions { Nics = [nic] } })
            .Configure(static options => options.Restart.WhenGivenUp = ZcrxEscalation.FallBack));
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent));
        using var client = await host.ConnectAsync();
        await client.SendAsync(Payload.Bytes(50));
        var stream = await _received.StreamAsync(0);
        await stream.AssertReceivedAsync(50);
        Assert.True(nic.IsBound(0));

        nic.Remove();

        await probe.FishForMessageAsync<ZcrxEvent.QueueFellBack>();
        await probe.FishForMessageAsync<ZcrxEvent.QueueOpened>();
        await client.SendAsync(Payload.Bytes(50, 50));
        await stream.AssertReceivedAsync(100);
        Assert.False(nic.IsBound(0));
    }

    [Fact]
    public async Task A_busy_queue_is_retried_within_one_restart()
    {
        EmulatedFaultPlan faults = new();
        await using var host = await StartAsync(zcrx => zcrx
            .AddQueue(new ZcrxQueueOptions { Name = "nic", Engine = ZcrxEngine.Emulated, AreaSize = 1.MiB(), Emulation = new EmulatedKernelOptions { Faults = faults } }));
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent.QueueRestarting), typeof(ZcrxEvent.QueueOpened));
        faults.FailRegistrations(4, Errno.EBUSY);

        host.Crash("nic");

        var restarting = await probe.ExpectMsgAsync<ZcrxEvent.QueueRestarting>();
        await host.Zcrx.GetStatusAsync();
        _time.Advance(restarting.Delay);
        // No further QueueRestarting may be published, because all retries of the busy queue belong to one restart.
        await probe.ExpectMsgAsync<ZcrxEvent.QueueOpened>();
        Assert.Equal(1, (await host.Zcrx.GetStatusAsync()).Queues[0].Restarts);
    }

    private Task<TestHost> StartAsync(Action<ZcrxBuilder> configure) => TestHost.StartAsync(zcrx => configure(zcrx.Listen("127.0.0.1:0", _received.Handle)), _time.AddTo);

    private static ZcrxDeviceException Permanent() => new("Receiving", Errno.ENODEV, "the interface is gone", "bring it back");
}
