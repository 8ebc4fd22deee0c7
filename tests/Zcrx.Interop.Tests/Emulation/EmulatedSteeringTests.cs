using System.Net;
using System.Net.Sockets;

namespace Zcrx.Interop.Tests.Emulation;

/// <summary>Tests that the interfaces through which the library reads and changes real NICs also work for emulated ones.</summary>
public class EmulatedSteeringTests
{
    [Fact]
    public void Changed_steering_is_read_back()
    {
        EmulatedNic nic = new(new EmulatedNicOptions { RxQueues = 2 });
        EmulatedNicFacts facts = new([nic]);
        EmulatedFlowSteering steering = new([nic]);

        steering.SetRssTable(nic.Name, [.. Enumerable.Repeat(1, 128)]);
        FlowRule rule = new(0, LocalPort: 9000);
        int id = steering.AddRule(nic.Name, rule);
        steering.SetHeaderDataSplit(nic.Name, split: false, threshold: 200);

        NicFacts read = facts.Read(nic.Name);
        Assert.Equal((nic.Name, nic.Index, true, false, 200), (read.Name, read.Index, read.IsUp, read.HeaderDataSplit, read.HdsThreshold));
        Assert.All(read.RssTable, static queue => Assert.Equal(1, queue));
        Assert.Equal([(id, rule)], read.Rules.Select(static pair => (pair.Key, pair.Value)));
        Assert.Equal([new RxQueueFacts(0, nic.NapiIdOf(0), RxMemoryProvider.Kernel), new RxQueueFacts(1, nic.NapiIdOf(1), RxMemoryProvider.Kernel)], read.Queues);
        Assert.True(steering.RemoveRule(nic.Name, id));
        Assert.False(steering.RemoveRule(nic.Name, id));
        Assert.Empty(facts.Read(nic.Name).Rules);
    }

    [Fact]
    public void Invalid_changes_are_refused_with_the_kernels_error_and_have_no_effect()
    {
        EmulatedNic nic = new(new EmulatedNicOptions { RxQueues = 2 });
        EmulatedFlowSteering steering = new([nic]);
        IReadOnlyList<int> table = nic.RssTable;

        Assert.Equal("ENODEV", Assert.Throws<ZcrxDeviceException>(() => new EmulatedNicFacts([nic]).Read("eth7")).ErrorName);
        Assert.Equal("EINVAL", Assert.Throws<ZcrxDeviceException>(() => steering.AddRule(nic.Name, new FlowRule(2))).ErrorName);
        Assert.Equal("EINVAL", Assert.Throws<ZcrxDeviceException>(() => steering.SetRssTable(nic.Name, [0, 1])).ErrorName);
        Assert.Equal("EINVAL", Assert.Throws<ZcrxDeviceException>(() => steering.SetHeaderDataSplit(nic.Name, true, -1)).ErrorName);
        Assert.Equal((table, 0), (nic.RssTable, nic.Rules.Count));
        nic.Remove();
        Assert.Equal("ENODEV", Assert.Throws<ZcrxDeviceException>(() => steering.AddRule(nic.Name, new FlowRule(1))).ErrorName);
    }

    [Fact]
    public void Most_specific_rule_of_the_same_family_applies()
    {
        EmulatedNic nic = new();
        EmulatedFlowSteering steering = new([nic]);
        IPEndPoint local = new(IPAddress.Loopback, 9000);
        IPEndPoint remote = new(IPAddress.Loopback, 1234);

        steering.AddRule(nic.Name, new FlowRule(1, LocalPort: 9000));
        Assert.Equal(1, nic.QueueOf(local, remote));
        int flow = steering.AddRule(nic.Name, new FlowRule(2, LocalPort: 9000, RemotePort: 1234));
        Assert.Equal(2, nic.QueueOf(local, remote));
        steering.AddRule(nic.Name, new FlowRule(3, LocalPort: 9000, RemotePort: 1234) { Family = AddressFamily.InterNetworkV6 });
        steering.RemoveRule(nic.Name, flow);
        Assert.Equal(1, nic.QueueOf(local, remote));
    }

    [Fact]
    public void QueueOf_returns_the_queue_of_the_packets_or_null_when_unknown()
    {
        EmulatedNic nic = new();
        using Socket listener = new(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        listener.Listen();
        using Socket peer = new(SocketType.Stream, ProtocolType.Tcp);
        peer.Connect(listener.LocalEndPoint!);
        Socket socket = listener.Accept();
        EmulatedNicFacts facts = new([nic]);

        nic.AddRule(new FlowRule(3, RemotePort: ((IPEndPoint)peer.LocalEndPoint!).Port));
        Assert.Equal(new RxQueueId(nic.Name, 3), facts.QueueOf(socket));
        Assert.Null(new EmulatedNicFacts([nic, new EmulatedNic(new EmulatedNicOptions { Name = "enic1" })]).QueueOf(socket));
        Assert.Null(facts.QueueOf(listener));
        socket.Dispose();
        Assert.Null(facts.QueueOf(socket));
    }
}
