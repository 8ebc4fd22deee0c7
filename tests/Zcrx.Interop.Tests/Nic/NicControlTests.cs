using System.Collections.Concurrent;

namespace Zcrx.Interop.Tests.Nic;

/// <summary>Tests that every kernel gives access to its network interfaces through the same members.</summary>
public sealed class NicControlTests
{
    [Fact]
    public void Interfaces_of_an_emulated_kernel_are_those_of_its_options()
    {
        EmulatedNic nic = new(new EmulatedNicOptions { RxQueues = 2 });
        INicControl nics = new EmulatedKernel(new EmulatedKernelOptions { Nics = [nic] }).Nics;

        Assert.Equal(nic.Index, nics.Facts.Read(nic.Name).Index);
        nics.Steering.SetRssTable(nic.Name, [.. Enumerable.Repeat(1, 128)]);
        Assert.All(nic.RssTable, static queue => Assert.Equal(1, queue));
        Assert.False(nics.ChangesOutliveProcess);
    }

    [Fact]
    public void Key_of_an_emulated_interface_is_shared_by_kernels_that_have_it_and_by_no_other()
    {
        EmulatedNic nic = new();
        EmulatedNic namesake = new();
        EmulatedKernelOptions options = new() { Nics = [nic] };
        object? key = new EmulatedKernel(options).Nics.Identify(nic.Name);

        Assert.NotNull(key);
        Assert.Equal(nic.Name, namesake.Name);
        Assert.Equal(key, new EmulatedKernel(options).Nics.Identify(nic.Name));
        Assert.NotEqual(key, new EmulatedKernel(new EmulatedKernelOptions { Nics = [namesake] }).Nics.Identify(nic.Name));
        Assert.Null(new EmulatedKernel().Nics.Identify(nic.Name));
        nic.Remove();
        Assert.Equal(key, new EmulatedKernel(options).Nics.Identify(nic.Name));
    }

    [Fact]
    public void Link_of_an_emulated_interface_is_watched_until_the_watch_is_disposed()
    {
        EmulatedNic nic = new();
        List<LinkState> states = [];
        IDisposable watch = new EmulatedKernel(new EmulatedKernelOptions { Nics = [nic] }).Nics.WatchLink(nic.Name, change => states.Add(change.State));

        nic.IsUp = false;
        nic.IsUp = true;
        watch.Dispose();
        nic.Remove();

        Assert.Equal([LinkState.Down, LinkState.Up], states);
    }

    [Fact]
    public void Interface_that_does_not_exist_is_reported_as_removed_at_once_by_every_kernel()
    {
        foreach (INicKernel kernel in (INicKernel[])[new EmulatedKernel(), new LinuxKernel()])
        {
            List<LinkChange> changes = [];
            using IDisposable watch = kernel.Nics.WatchLink("zcrx-none0", changes.Add);

            Assert.Equal([new LinkChange("zcrx-none0", LinkState.Removed)], changes);
        }
    }

    [SkippableFact]
    public void Link_of_an_interface_of_this_machine_is_watched_over_netlink()
    {
        using NetworkNamespace place = new();
        using BlockingCollection<LinkChange> changes = [];
        INicControl nics = new LinuxKernel().Nics;
        using IDisposable watch = place.Run(() => nics.WatchLink("v0", changes.Add));

        Assert.True(nics.ChangesOutliveProcess);
        place.Ip("link", "del", "v0");
        LinkChange? change;
        do
        {
            Assert.True(changes.TryTake(out change, TimeSpan.FromSeconds(10)), "the removal was not reported");
        }
        while (change.State != LinkState.Removed);
    }

    [Fact]
    public void Set_up_of_an_emulated_interface_is_undone_when_its_claim_is_disposed()
    {
        EmulatedNic nic = new(new EmulatedNicOptions { RxQueues = 2 });
        IReadOnlyList<int> before = nic.RssTable;
        NicSetup setup = NicSetup.For(new EmulatedKernel(new EmulatedKernelOptions { Nics = [nic] }).Nics, nic.Name);

        using (setup.ClaimQueue(1))
        {
            Assert.DoesNotContain(1, nic.RssTable);
        }

        Assert.Equal(before, nic.RssTable);
    }
}
