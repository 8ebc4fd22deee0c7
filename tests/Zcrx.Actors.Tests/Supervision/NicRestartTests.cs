using System.Collections.Concurrent;
using System.Net.Sockets;
using Akka.Actor;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Rx;
using Zcrx.Rx.Connections;

namespace Zcrx.Actors.Tests.Supervision;

/// <summary>
/// Tests restarts of a queue on a NIC by a command. The next ring continues the registration, so that no payload in the memory of the queue
/// is lost.
/// </summary>
public class NicRestartTests
{
    private const int Much = 100_000;

    private readonly EmulatedNic _nic = new(new EmulatedNicOptions { RxQueues = 1 });
    private readonly EmulatedFaultPlan _faults = new();
    private readonly Received _received = new();

    [Fact]
    public async Task Payload_in_the_memory_of_the_queue_is_received_after_the_restart()
    {
        await using var host = await StartAsync();
        using var client = await host.ConnectAsync();
        var stream = await LeaveUnreceivedAsync(host, client);

        var reopened = await RestartAsync(host, registerAnew: false);

        Assert.Equal((QueueState.Open, 1L, false), (reopened.State, reopened.Restarts, host.Log.Has(1106)));
        Assert.All(reopened.Notifications, static notification => Assert.Equal(ArmState.Disarmed, notification.ArmState));
        stream.Connection.Resume();
        await stream.AssertReceivedAsync(2 * Much);
        client.Shutdown(SocketShutdown.Send);
        Assert.Null(await stream.Ended.WithinLimit());
    }

    [Fact]
    public async Task Registering_again_arms_the_notifications_and_ends_the_streams_whose_payload_was_in_the_memory()
    {
        await using var host = await StartAsync();
        await RestartAsync(host, registerAnew: false);
        using var client = await host.ConnectAsync();
        var stream = await LeaveUnreceivedAsync(host, client);

        var reopened = await RestartAsync(host, registerAnew: true);

        Assert.Equal((QueueState.Open, 2L), (reopened.State, reopened.Restarts));
        Assert.All(reopened.Notifications, static notification => Assert.Equal(ArmState.Armed, notification.ArmState));
        stream.Connection.Resume();
        var error = Assert.IsType<ZcrxStreamException>(await stream.Ended.WithinLimit());
        Assert.Equal(((long)Much, Errno.EFAULT), (error.StreamOffset, error.ErrorNumber));
    }

    [Fact]
    public async Task A_registration_that_cannot_be_kept_is_made_again()
    {
        await using var host = await StartAsync();
        using var client = await host.ConnectAsync();
        await client.SendAsync(Payload.Bytes(Much));
        var stream = await _received.StreamAsync(0);
        await stream.AssertReceivedAsync(Much);
        _faults.FailRegistrations(1, Errno.EIO);

        var reopened = await RestartAsync(host, registerAnew: false);

        Assert.Equal((QueueState.Open, 1L, true), (reopened.State, reopened.Restarts, host.Log.Has(1106)));
        Assert.All(reopened.Notifications, static notification => Assert.Equal(ArmState.Armed, notification.ArmState));
        await client.SendAsync(Payload.Bytes(Much, Much));
        await stream.AssertReceivedAsync(2 * Much);
    }

    [Fact]
    public async Task Streams_under_traffic_are_complete_after_many_restarts()
    {
        await using var host = await StartAsync();
        await RestartUnderTrafficAsync(host, restarts: 10);
        Assert.True(_nic.IsBound(0));
        await host.StopAsync();
        Assert.False(_nic.IsBound(0));
    }

    [Fact]
    public async Task An_interface_keeps_its_setup_across_restarts_and_is_restored_by_the_stop()
    {
        EmulatedNic nic = new(new EmulatedNicOptions { RxQueues = 2, HeaderDataSplit = false });
        IReadOnlyList<int> table = nic.RssTable;
        ConcurrentQueue<string> reports = [];
        await using var host = await TestHost.StartAsync(zcrx => zcrx
            .AddQueue(new ZcrxQueueOptions { Name = "nic", Engine = ZcrxEngine.Emulated, Interface = nic.Name, RxQueue = 1, ConfigureNic = true, NicReport = reports.Enqueue, AreaSize = 4.MiB(), Emulation = new EmulatedKernelOptions { Nics = [nic] } })
            .Listen("127.0.0.1:0", _received.Handle));
        await RestartUnderTrafficAsync(host, restarts: 5);

        Assert.Single(reports, static text => text.Contains("tcp-data-split", StringComparison.Ordinal));
        Assert.Single(reports, static text => text.Contains("RSS", StringComparison.Ordinal));
        Assert.False(host.Log.Has(1106));
        await host.StopAsync();
        Assert.Equal((false, 0), (nic.HeaderDataSplit, nic.Rules.Count));
        Assert.Equal(table, nic.RssTable);
    }

    [Fact]
    public async Task A_stop_right_after_a_restart_leaves_nothing_open()
    {
        await using var host = await StartAsync();
        using var client = await host.ConnectAsync();
        await LeaveUnreceivedAsync(host, client);
        host.Zcrx.Supervisor.Tell(new ZcrxCommand.RestartQueue("nic"));

        await host.StopAsync();

        Assert.False(_nic.IsBound(0));
    }

    private Task<TestHost> StartAsync() => TestHost.StartAsync(zcrx => zcrx
        .AddQueue(new ZcrxQueueOptions { Name = "nic", Engine = ZcrxEngine.Emulated, Interface = _nic.Name, AreaSize = 4.MiB(), Emulation = new EmulatedKernelOptions { Nics = [_nic], Faults = _faults } })
        .Listen("127.0.0.1:0", _received.Handle));

    private async Task RestartUnderTrafficAsync(TestHost host, int restarts)
    {
        Socket[] clients = [await host.ConnectAsync(), await host.ConnectAsync(), await host.ConnectAsync(), await host.ConnectAsync()];
        bool isOver = false;
        Task<int>[] senders = [.. clients.Select(client => Task.Run(() => SendUntilAsync(client, () => Volatile.Read(ref isOver))))];
        for (int i = 1; i <= restarts; i++)
        {
            var reopened = await RestartAsync(host, registerAnew: false);
            Assert.Equal((QueueState.Open, (long)i), (reopened.State, reopened.Restarts));
        }

        Volatile.Write(ref isOver, true);
        int[] sent = await Task.WhenAll(senders).WithinLimit();
        Assert.All(await Task.WhenAll(_received.Streams.Select(static stream => stream.Ended)).WithinLimit(), Assert.Null);
        Assert.Equal(sent.Order(), _received.Streams.Select(static stream => (int)stream.Length).Order());
        Assert.All(_received.Streams, static stream => Assert.Equal(Payload.Bytes((int)stream.Length), stream.ToArray()));
        Array.ForEach(clients, static client => client.Dispose());
    }

    /// <summary>Returns a stream that was received up to the middle. The other half waits in the memory of the queue.</summary>
    private async Task<Received.Stream> LeaveUnreceivedAsync(TestHost host, Socket client)
    {
        await client.SendAsync(Payload.Bytes(Much));
        var stream = await _received.StreamAsync(0);
        await stream.AssertReceivedAsync(Much);
        stream.Connection.Pause();
        await host.Kit.AwaitConditionAsync(() => stream.Connection.ReceiveState == ReceiveState.Idle, "it is paused");
        await client.SendAsync(Payload.Bytes(Much, Much));
        return stream;
    }

    private static Task<QueueStatus> RestartAsync(TestHost host, bool registerAnew) =>
        host.RestartAsync("nic", TimeSpan.Zero, registerAnew);

    private static async Task<int> SendUntilAsync(Socket client, Func<bool> isOver)
    {
        int sent = 0;
        while (!isOver())
        {
            sent += await client.SendAsync(Payload.Bytes(sent, 3000));
            await Task.Yield();
        }

        client.Shutdown(SocketShutdown.Send);
        return sent;
    }
}
