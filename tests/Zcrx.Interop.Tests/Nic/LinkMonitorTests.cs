using System.Collections.Concurrent;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Nic.Netlink;

namespace Zcrx.Interop.Tests.Nic;

/// <summary>Tests that each change of the watched interface is reported once. Changes of other interfaces must not be reported.</summary>
public sealed class LinkMonitorTests
{
    [SkippableFact]
    public void Watch_reports_up_down_and_removed_of_its_interface_only()
    {
        using NetworkNamespace place = new();
        using BlockingCollection<LinkChange> changes = [];
        using LinkMonitor monitor = place.Run(static () => new LinkMonitor());
        uint index = place.Run(static () => new NetlinkNicFacts().Read("v0").Index);
        using IDisposable watch = monitor.Watch("v0", index, changes.Add);

        place.Ip("link", "set", "v1", "up");
        place.Ip("link", "set", "v0", "up");
        Assert.Equal(new LinkChange("v0", LinkState.Up), Next(changes));
        place.Ip("link", "set", "v1", "down");
        Assert.Equal(new LinkChange("v0", LinkState.Down), Next(changes));
        place.Ip("link", "set", "v1", "up");
        Assert.Equal(new LinkChange("v0", LinkState.Up), Next(changes));
        // When a port leaves a bridge, the message is that of a removed link, but with the family of bridges. It must not be reported.
        place.Ip("link", "add", "br0", "type", "bridge");
        place.Ip("link", "set", "v0", "master", "br0");
        place.Ip("link", "set", "v0", "nomaster");
        place.Ip("link", "set", "v0", "mtu", "1400");
        place.Ip("link", "del", "v0");
        LinkChange last = Next(changes);
        while (last.State != LinkState.Removed)
        {
            // The kernel may report a removed interface as down first.
            Assert.Equal("v0", last.Interface);
            last = Next(changes);
        }

        Assert.Equal(new LinkChange("v0", LinkState.Removed), last);
        using IDisposable late = monitor.Watch("v0", index, changes.Add);
        Assert.Equal(new LinkChange("v0", LinkState.Removed), Next(changes));
        Assert.Empty(changes);
    }

    [SkippableFact]
    public void Interface_that_moves_to_another_namespace_is_reported_as_removed()
    {
        using NetworkNamespace place = new();
        using NetworkNamespace other = new();
        using BlockingCollection<LinkChange> changes = [];
        using LinkMonitor monitor = place.Run(static () => new LinkMonitor());
        uint index = place.Run(static () => new NetlinkNicFacts().Read("v0").Index);
        using IDisposable watch = monitor.Watch("v0", index, changes.Add);

        other.Ip("link", "del", "v0");
        place.Ip("link", "set", "v0", "netns", other.Name);
        Assert.Equal(LinkState.Removed, Next(changes).State);
    }

    [SkippableFact]
    public void Watch_that_has_ended_reports_nothing()
    {
        using NetworkNamespace place = new();
        using BlockingCollection<LinkChange> ended = [];
        using BlockingCollection<LinkChange> changes = [];
        using LinkMonitor monitor = place.Run(static () => new LinkMonitor());
        uint index = place.Run(static () => new NetlinkNicFacts().Read("v0").Index);
        monitor.Watch("v0", index, ended.Add).Dispose();
        using IDisposable watch = monitor.Watch("v0", index, changes.Add);

        place.Ip("link", "del", "v0");
        Assert.Equal(LinkState.Removed, Next(changes).State);
        Assert.Empty(ended);
    }

    [Fact]
    public void Monitor_whose_second_socket_cannot_be_opened_closes_the_first()
    {
        List<NetlinkSocket> opened = [];

        Assert.Throws<ZcrxException>(() => new LinkMonitor(() =>
        {
            if (opened.Count > 0)
            {
                throw new ZcrxException("Opening a netlink socket", Errno.EMFILE, "a test", "");
            }

            opened.Add(NetlinkSocket.Open(LinuxNetlink.NETLINK_ROUTE));
            return opened[0];
        }));

        Assert.True(Assert.Single(opened).IsClosed);
    }

    [Fact]
    public void Watch_of_an_emulated_interface_reports_each_change_once()
    {
        EmulatedNic nic = new();
        List<LinkState> states = [];
        using IDisposable watch = nic.WatchLink(change => states.Add(change.State));

        nic.IsUp = false;
        nic.IsUp = false;
        nic.IsUp = true;
        nic.Remove();
        nic.IsUp = false;
        Assert.Equal([LinkState.Down, LinkState.Up, LinkState.Removed], states);
    }

    private static LinkChange Next(BlockingCollection<LinkChange> changes)
    {
        Assert.True(changes.TryTake(out LinkChange? change, TimeSpan.FromSeconds(30)), "no change was reported");
        return change;
    }
}
