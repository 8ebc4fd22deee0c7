using System.Collections.Concurrent;
using System.Net;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Nic;

/// <summary>Tests that a queue changes the settings of its interface, and restores them.</summary>
[Collection(SocketsCollection.Name)]
public class ConfigureNicTests : IClassFixture<ResourceCheck>
{
    [Fact]
    public async Task Two_queues_share_the_set_up_and_the_last_queue_restores_the_interface()
    {
        EmulatedNic nic = new(new EmulatedNicOptions { HeaderDataSplit = false });
        IReadOnlyList<int> table = nic.RssTable;
        ConcurrentQueue<string> said = [];
        ZcrxQueue first = await OpenAsync(nic, 1, said);
        ZcrxQueue second = await OpenAsync(nic, 2, said);
        Assert.True(nic.HeaderDataSplit);
        Assert.Equal([0, 3], nic.RssTable.Distinct().Order());

        await first.DisposeAsync();
        Assert.Equal([0, 1, 3], nic.RssTable.Distinct().Order());
        Assert.True(nic.HeaderDataSplit);
        await second.DisposeAsync();
        Assert.Equal(table, nic.RssTable);
        Assert.False(nic.HeaderDataSplit);
        Assert.NotEmpty(said);
    }

    [Fact]
    public async Task Connections_to_a_port_that_it_listens_on_arrive_without_a_copy_and_the_rules_go_with_the_listener()
    {
        EmulatedNic nic = new(new EmulatedNicOptions { HeaderDataSplit = false });
        await using ZcrxQueue queue = await OpenAsync(nic, 1, []);
        using System.Net.Sockets.Socket listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        TaskCompletionSource<long> received = new(TaskCreationOptions.RunContinuationsAsynchronously);
        long bytes = 0;
        using (queue.Listen(listener).Subscribe(connection => connection.Buffers.Subscribe(buffer => bytes += buffer.Length, received.SetException, () => received.SetResult(bytes))))
        {
            Assert.Equal([new FlowRule(1, LocalPort: ((IPEndPoint)listener.LocalEndPoint!).Port) { Family = System.Net.Sockets.AddressFamily.InterNetwork }], nic.Rules.Values);
            using System.Net.Sockets.TcpClient client = new();
            await client.ConnectAsync((IPEndPoint)listener.LocalEndPoint!);
            await client.GetStream().WriteAsync(new byte[100_000]);
            client.Close();
            Assert.Equal(100_000, await received.Task.WaitAsync(TimeSpan.FromSeconds(30)));
        }

        Assert.Empty(nic.Rules);
        Assert.Equal((100_000L, 0L), (nic.CountersOf(1).ZeroCopyBytes, nic.CountersOf(1).CopiedBytes));
        Assert.Equal(0, queue.Snapshot().CopiedFragments);
    }

    [Fact]
    public async Task Refused_set_up_leaves_the_interface_unchanged()
    {
        EmulatedNic nic = new(new EmulatedNicOptions { RxQueues = 1, HeaderDataSplit = false });
        Assert.Contains("leave none for other traffic", (await Assert.ThrowsAsync<ZcrxDeviceException>(() => OpenAsync(nic, 0, []))).Message, StringComparison.Ordinal);
        Assert.False(nic.HeaderDataSplit);

        // The settings are changed successfully, but the registration then fails. The settings must be restored.
        EmulatedNic other = new(new EmulatedNicOptions { HeaderDataSplit = false });
        EmulatedFaultPlan faults = new();
        faults.FailRegistrations(1, Zcrx.Interop.Abi.Errno.ENOMEM);
        await Assert.ThrowsAnyAsync<ZcrxException>(() => ZcrxQueue.OpenAsync(Options(other, 1, []) with
        {
            Emulation = new EmulatedKernelOptions { Nics = [other], Faults = faults },
        }));
        Assert.False(other.HeaderDataSplit);
        Assert.Equal(4, other.RssTable.Distinct().Count());
    }

    private static Task<ZcrxQueue> OpenAsync(EmulatedNic nic, int queue, ConcurrentQueue<string> said) => ZcrxQueue.OpenAsync(Options(nic, queue, said));

    private static ZcrxQueueOptions Options(EmulatedNic nic, int queue, ConcurrentQueue<string> said) => new()
    {
        Engine = ZcrxEngine.Emulated,
        Interface = nic.Name,
        RxQueue = queue,
        ConfigureNic = true,
        NicReport = said.Enqueue,
        AreaSize = 1 << 20,
        Emulation = new EmulatedKernelOptions { Nics = [nic] },
    };
}
