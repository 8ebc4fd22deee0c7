using System.Collections.Concurrent;
using System.Net.Sockets;
using Akka.Actor;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Rx;
using Zcrx.Rx.Connections;

namespace Zcrx.Actors.Tests.Supervision;

/// <summary>Planned restarts of a queue on a NIC: the next ring goes on with the registration, so that nothing is lost with the queue's memory.</summary>
public class NicRestartTests
{
    private const int Much = 100_000;

    private readonly EmulatedNic _nic = new(new EmulatedNicOptions { RxQueues = 1 });
    private readonly EmulatedFaultPlan _faults = new();
    private readonly Received _received = new();

    [Fact]
    public async Task What_has_arrived_in_the_queues_memory_is_received_after_the_restart()
    {
        await using var host = await StartAsync();
        using var client = await host.ConnectAsync();
        var stream = await LeaveUnreceivedAsync(client);

        var reopened = await RestartAsync(host, registerAnew: false);

        Assert.Equal((QueueState.Open, 1L, false), (reopened.State, reopened.Restarts, host.Log.Has(1106)));
        Assert.All(reopened.Notifications, static notification => Assert.Equal(ArmState.Disarmed, notification.ArmState));
        stream.Connection.Resume();
        await Eventually.TrueAsync(() => stream.Length == 2 * Much, "the stream goes on");
        client.Shutdown(SocketShutdown.Send);
        Assert.Null(await stream.Ended.WithinLimit());
        Assert.Equal(Bytes(0, 2 * Much), stream.ToArray());
    }

    [Fact]
    public async Task Registered_anew_the_queue_has_notifications_again_and_who_had_payload_in_its_memory_is_told()
    {
        await using var host = await StartAsync();
        await RestartAsync(host, registerAnew: false);
        using var client = await host.ConnectAsync();
        var stream = await LeaveUnreceivedAsync(client);

        var reopened = await RestartAsync(host, registerAnew: true);

        Assert.Equal((QueueState.Open, 2L), (reopened.State, reopened.Restarts));
        Assert.All(reopened.Notifications, static notification => Assert.Equal(ArmState.Armed, notification.ArmState));
        stream.Connection.Resume();
        var error = Assert.IsType<ZcrxStreamException>(await stream.Ended.WithinLimit());
        Assert.Equal(((long)Much, Errno.EFAULT), (error.StreamOffset, error.ErrorNumber));
    }

    [Fact]
    public async Task Where_the_registration_cannot_go_on_the_queue_is_registered_anew()
    {
        await using var host = await StartAsync();
        using var client = await host.ConnectAsync();
        await client.SendAsync(Bytes(0, Much));
        var stream = await _received.StreamAsync(0);
        await Eventually.TrueAsync(() => stream.Length == Much, "the bytes arrive");
        _faults.FailRegistrations(1, Errno.EIO);

        var reopened = await RestartAsync(host, registerAnew: false);

        Assert.Equal((QueueState.Open, 1L, true), (reopened.State, reopened.Restarts, host.Log.Has(1106)));
        Assert.All(reopened.Notifications, static notification => Assert.Equal(ArmState.Armed, notification.ArmState));
        await client.SendAsync(Bytes(Much, Much));
        await Eventually.TrueAsync(() => stream.Length == 2 * Much, "the stream goes on");
    }

    [Fact]
    public async Task Streams_under_traffic_stay_whole_over_many_restarts()
    {
        await using var host = await StartAsync();
        await RestartUnderTrafficAsync(host, restarts: 10);
        Assert.True(_nic.IsBound(0));
        await host.StopAsync();
        Assert.False(_nic.IsBound(0));
    }

    [Fact]
    public async Task An_interface_that_was_set_up_stays_so_over_restarts_and_is_brought_back_after_the_last()
    {
        EmulatedNic nic = new(new EmulatedNicOptions { RxQueues = 2, HeaderDataSplit = false });
        IReadOnlyList<int> table = nic.RssTable;
        ConcurrentQueue<string> said = [];
        await using var host = await TestHost.StartAsync(zcrx => zcrx
            .AddQueue(new ZcrxQueueOptions { Name = "nic", Engine = ZcrxEngine.Emulated, Interface = nic.Name, RxQueue = 1, ConfigureNic = true, NicReport = said.Enqueue, AreaSize = 4.MiB(), Emulation = new EmulatedKernelOptions { Nics = [nic] } })
            .Listen("127.0.0.1:0", _received.Handle));
        await RestartUnderTrafficAsync(host, restarts: 5);

        Assert.Single(said, static text => text.Contains("tcp-data-split", StringComparison.Ordinal));
        Assert.Single(said, static text => text.Contains("RSS", StringComparison.Ordinal));
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
        await LeaveUnreceivedAsync(client);
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
        Assert.All(_received.Streams, static stream => Assert.Equal(Bytes(0, (int)stream.Length), stream.ToArray()));
        Array.ForEach(clients, static client => client.Dispose());
    }

    /// <summary>Half of it is received; the other half has arrived, and nobody asks for it.</summary>
    private async Task<Received.Stream> LeaveUnreceivedAsync(Socket client)
    {
        await client.SendAsync(Bytes(0, Much));
        var stream = await _received.StreamAsync(0);
        await Eventually.TrueAsync(() => stream.Length == Much, "the bytes arrive");
        stream.Connection.Pause();
        await Eventually.TrueAsync(() => stream.Connection.ReceiveState == ReceiveState.Idle, "it is paused");
        await client.SendAsync(Bytes(Much, Much));
        return stream;
    }

    private static Task<QueueStatus> RestartAsync(TestHost host, bool registerAnew) =>
        host.RestartAsync("nic", TimeSpan.Zero, registerAnew);

    private static async Task<int> SendUntilAsync(Socket client, Func<bool> isOver)
    {
        int sent = 0;
        while (!isOver())
        {
            sent += await client.SendAsync(Bytes(sent, 3000));
            await Task.Yield();
        }

        client.Shutdown(SocketShutdown.Send);
        return sent;
    }

    private static byte[] Bytes(int from, int length) => [.. Enumerable.Range(from, length).Select(static place => (byte)((place * 31) ^ (place >> 8)))];
}
