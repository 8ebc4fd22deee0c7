using System.Collections.Concurrent;
using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Conformance.Nic;

/// <summary>Tests a queue of the library on the machine's NIC while the link goes down or the device is removed.</summary>
public class NicLinkTests : IClassFixture<LeakCheck>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [SkippableFact]
    public async Task A_removed_device_ends_the_queue_with_an_error_that_names_it_and_it_can_be_opened_again_when_it_is_back()
    {
        ConfiguredNic nic = ConfiguredNic.Open();
        await using ZcrxQueue queue = await OpenAsync(nic);
        using BlockingCollection<LinkChange> changes = [];
        using IDisposable subscription = queue.Links.Subscribe(changes.Add);
        nic.Control("link", "down");
        Expect(changes, nic, LinkState.Down);
        nic.Control("link", "up");
        Expect(changes, nic, LinkState.Up);
        Assert.False(queue.Completion.IsCompleted);

        nic.Control("remove");
        try
        {
            ZcrxDeviceException gone = await Assert.ThrowsAsync<ZcrxDeviceException>(() => queue.Completion.WaitAsync(Patience));
            Assert.Contains($"the interface {nic.Interface} was removed while receiving", gone.Message, StringComparison.Ordinal);
            Assert.Equal("ENODEV", (await Assert.ThrowsAsync<ZcrxDeviceException>(() => OpenAsync(nic))).ErrorName);
        }
        finally
        {
            nic.Control("restore");
        }

        await using ZcrxQueue next = await OpenAsync(nic);
    }

    private static Task<ZcrxQueue> OpenAsync(ConfiguredNic nic) =>
        ZcrxQueue.OpenAsync(new ZcrxQueueOptions { Engine = ZcrxEngine.Nic, Interface = nic.Interface, RxQueue = (int)nic.Queue, AreaSize = 64 * Environment.SystemPageSize });

    private static void Expect(BlockingCollection<LinkChange> changes, ConfiguredNic nic, LinkState state)
    {
        Assert.True(changes.TryTake(out LinkChange? change, Patience), $"state {state} was not reported");
        Assert.Equal(new LinkChange(nic.Interface, state), change);
    }
}
