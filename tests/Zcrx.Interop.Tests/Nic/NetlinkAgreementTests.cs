using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Zcrx.Interop.Tests.Nic;

/// <summary>Tests that the facts which the library reads over netlink match the output of <c>ip</c> and <c>ethtool</c>.</summary>
public class NetlinkAgreementTests
{
    private readonly NetlinkNicFacts _facts = new();

    [SkippableFact]
    public void Netlink_facts_of_a_veth_that_goes_up_and_down_equal_those_of_ip()
    {
        using NetworkNamespace place = new();
        AssertAgrees(place, "v0", isUp: false);
        place.Ip("link", "set", "v0", "up");
        place.Ip("link", "set", "v1", "up");
        AssertAgrees(place, "v0", isUp: true);
        AssertAgrees(place, "v1", isUp: true);
        place.Ip("link", "set", "v1", "down");
        // An interface loses its carrier when the other end of the pair goes down.
        AssertAgrees(place, "v0", isUp: false);
    }

    [SkippableFact]
    public void Netlink_facts_of_an_interface_with_changed_channels_equal_those_of_ethtool()
    {
        using NetworkNamespace place = new();
        place.Ip("link", "set", "v0", "up");
        place.Ip("link", "set", "v1", "up");
        place.Ask("ethtool", "-L", "v0", "rx", "3");
        NicFacts facts = AssertAgrees(place, "v0", isUp: true);
        Assert.Equal(3, facts.Queues.Count);
    }

    [SkippableFact]
    public void Netlink_facts_of_loopback_equal_those_of_ip()
    {
        using NetworkNamespace place = new();
        place.Ip("link", "set", "lo", "up");
        NicFacts facts = AssertAgrees(place, "lo", isUp: true, hasChannels: false);
        Assert.False(facts.HasDevice);
        Assert.Null(facts.Driver);
    }

    [SkippableFact]
    public void Netlink_facts_of_every_interface_equal_those_of_sysfs()
    {
        foreach (string path in Directory.GetDirectories("/sys/class/net"))
        {
            string name = Path.GetFileName(path);
            NicFacts facts = _facts.Read(name);
            Assert.Equal(File.ReadAllText(Path.Combine(path, "ifindex")).Trim(), facts.Index.ToString(CultureInfo.InvariantCulture));
            Assert.Equal(Directory.Exists(Path.Combine(path, "device")), facts.HasDevice);
            Assert.Equal(Directory.GetDirectories(Path.Combine(path, "queues"), "rx-*").Length, facts.Queues.Count);
        }
    }

    [SkippableFact]
    public void Feature_that_an_interface_lacks_is_absent_from_its_facts_and_cannot_be_changed()
    {
        using NetworkNamespace place = new();
        NetlinkFlowSteering steering = new();
        NicFacts facts = place.Run(() => _facts.Read("v0"));

        Assert.Empty(facts.RssTable);
        Assert.Empty(facts.Rules);
        Assert.Null(facts.HeaderDataSplit);
        FlowRule rule = new(1, LocalPort: 9000) { Family = AddressFamily.InterNetwork };
        Assert.Equal("EOPNOTSUPP", Refusal<ZcrxUnsupportedException>(place, () => steering.AddRule("v0", rule)).ErrorName);
        Assert.Equal("EOPNOTSUPP", Refusal<ZcrxUnsupportedException>(place, () => steering.SetRssTable("v0", [0, 1])).ErrorName);
        ZcrxUnsupportedException split = Refusal<ZcrxUnsupportedException>(place, () => steering.SetHeaderDataSplit("v0", true, 0));
        Assert.StartsWith("Setting header/data split of v0 failed with EOPNOTSUPP: the driver of v0 does not support it", split.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => steering.AddRule("v0", new FlowRule(1, LocalPort: 9000)));
    }

    [SkippableFact]
    public void Missing_interface_is_named_in_the_error()
    {
        using NetworkNamespace place = new();
        foreach (string name in new[] { "nosuch0", "a-name-longer-than-an-interface-can-have", "ü" })
        {
            ZcrxDeviceException missing = Refusal<ZcrxDeviceException>(place, () => _facts.Read(name));
            Assert.Contains($"this process's network namespace has no interface {name}", missing.Message, StringComparison.Ordinal);
            Assert.Equal("ENODEV", Refusal<ZcrxDeviceException>(place, () => new NetlinkFlowSteering().SetRssTable(name, [0])).ErrorName);
        }
    }

    [Fact]
    public void QueueOf_a_connection_over_loopback_is_null()
    {
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using Socket peer = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        peer.Connect(listener.LocalEndPoint!);
        Socket socket = listener.Accept();
        peer.Send([1]);
        socket.Receive(new byte[1]);

        Assert.Null(_facts.QueueOf(socket));
        socket.Dispose();
        Assert.Null(_facts.QueueOf(socket));
    }

    private static T Refusal<T>(NetworkNamespace place, Action action)
        where T : ZcrxException => place.Run(() => Assert.Throws<T>(action));

    private static int Number(string text, string label) =>
        int.Parse(Line(text[text.IndexOf("Current hardware settings:", StringComparison.Ordinal)..], label), CultureInfo.InvariantCulture);

    private static string Line(string text, string label) =>
        text.Split('\n').First(line => line.StartsWith(label + ":", StringComparison.Ordinal))[(label.Length + 1)..].Trim();

    private NicFacts AssertAgrees(NetworkNamespace place, string name, bool isUp, bool hasChannels = true)
    {
        NicFacts facts = place.Run(() => _facts.Read(name));
        JsonElement link = JsonDocument.Parse(place.Ask("ip", "-json", "-details", "link", "show", "dev", name)).RootElement[0];
        string[] flags = [.. link.GetProperty("flags").EnumerateArray().Select(flag => flag.GetString()!)];

        Assert.Equal(name, facts.Name);
        Assert.Equal(link.GetProperty("ifindex").GetUInt32(), facts.Index);
        Assert.Equal(isUp, facts.IsUp);
        Assert.Equal(facts.IsUp, flags.Contains("UP") && flags.Contains("LOWER_UP"));
        Assert.Equal(link.TryGetProperty("parentdev", out _), facts.HasDevice);
        Assert.False(facts.HasXdp);
        if (hasChannels)
        {
            string channels = place.Ask("ethtool", "-l", name);
            Assert.Equal(Number(channels, "RX"), facts.Queues.Count);
            Assert.Equal(link.GetProperty("num_rx_queues").GetInt32(), facts.MaxRxQueues);
            Assert.Equal(Line(place.Ask("ethtool", "-i", name), "driver"), facts.Driver);
        }

        Assert.Equal(Enumerable.Range(0, facts.Queues.Count), facts.Queues.Select(queue => queue.Index));
        return facts;
    }
}
