using System.Collections.Concurrent;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Nic;

/// <summary>Tests a queue whose interface goes down or is removed.</summary>
[Collection(SocketsCollection.Name)]
public class LinkTests : IClassFixture<ResourceCheck>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_removed_interface_ends_the_queue_with_an_error_that_names_it()
    {
        EmulatedNic nic = new();
        await using ZcrxQueue queue = await OpenAsync(nic);
        ConcurrentQueue<LinkChange> changes = [];
        using IDisposable subscription = queue.Links.Subscribe(changes.Enqueue);

        nic.Remove();
        ZcrxDeviceException gone = await Assert.ThrowsAsync<ZcrxDeviceException>(() => queue.Completion.WaitAsync(Patience));
        Assert.StartsWith("Receiving on RX queue 1 of enic0 failed with ENODEV: the interface enic0 was removed while receiving", gone.Message, StringComparison.Ordinal);
        Assert.Equal([new LinkChange("enic0", LinkState.Removed)], changes);
        Assert.Equal("ENODEV", (await Assert.ThrowsAsync<ZcrxDeviceException>(() => OpenAsync(nic))).ErrorName);
    }

    [Fact]
    public async Task Link_that_goes_down_and_up_is_reported_and_ends_no_stream()
    {
        EmulatedNic nic = new();
        await using ZcrxQueue queue = await OpenAsync(nic);
        using BlockingCollection<LinkChange> changes = [];
        using IDisposable subscription = queue.Links.Subscribe(changes.Add);

        nic.IsUp = false;
        nic.IsUp = true;
        foreach (LinkState state in new[] { LinkState.Down, LinkState.Up })
        {
            Assert.True(changes.TryTake(out LinkChange? change, Patience));
            Assert.Equal(new LinkChange("enic0", state), change);
        }

        Assert.False(queue.Completion.IsCompleted);
    }

    private static Task<ZcrxQueue> OpenAsync(EmulatedNic nic) => ZcrxQueue.OpenAsync(new ZcrxQueueOptions
    {
        Engine = ZcrxEngine.Emulated, Interface = nic.Name, RxQueue = 1, AreaSize = 1 << 20, Emulation = new EmulatedKernelOptions { Nics = [nic] },
    });
}
