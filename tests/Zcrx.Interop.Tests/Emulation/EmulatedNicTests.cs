using System.Net;

namespace Zcrx.Interop.Tests.Emulation;

/// <summary>Tests which RX queue an emulated interface chooses for a packet, and which calls it refuses.</summary>
public class EmulatedNicTests
{
    private static readonly IPEndPoint Local = new(IPAddress.Loopback, 9000);
    private static readonly IPEndPoint Remote = new(IPAddress.Loopback, 40_000);

    [Fact]
    public void Flows_spread_over_all_queues_and_each_stays_on_its_own()
    {
        EmulatedNic nic = new();
        int[] queues = [.. Enumerable.Range(40_000, 1000).Select(port => nic.QueueOf(Local, new IPEndPoint(IPAddress.Loopback, port)))];

        Assert.Equal([0, 1, 2, 3], queues.Distinct().Order());
        Assert.Equal(queues, Enumerable.Range(40_000, 1000).Select(port => nic.QueueOf(Local, new IPEndPoint(IPAddress.Loopback, port))));
    }

    [Fact]
    public void RSS_table_chooses_the_queue_of_a_flow_that_no_rule_matches()
    {
        EmulatedNic nic = new() { RssTable = [.. Enumerable.Repeat(2, 128)] };
        Assert.Equal(2, nic.QueueOf(Local, Remote));

        int first = nic.AddRule(new FlowRule(3, LocalPort: 9000));
        int second = nic.AddRule(new FlowRule(1, RemotePort: 40_000));
        Assert.Equal(3, nic.QueueOf(Local, Remote));
        Assert.True(nic.RemoveRule(first));
        Assert.False(nic.RemoveRule(first));
        Assert.Equal(1, nic.QueueOf(Local, Remote));
        Assert.Equal([second], nic.Rules.Keys);
        Assert.Equal(2, nic.QueueOf(Local, new IPEndPoint(IPAddress.Loopback, 40_001)));
    }

    [Fact]
    public void An_IPv4_peer_on_an_IPv6_socket_is_the_same_flow()
    {
        EmulatedNic nic = new();
        nic.AddRule(new FlowRule(3, RemoteAddress: IPAddress.Loopback));
        Assert.Equal(3, nic.QueueOf(new IPEndPoint(IPAddress.Loopback.MapToIPv6(), 9000), new IPEndPoint(IPAddress.Loopback.MapToIPv6(), 40_000)));
    }

    [Fact]
    public void Queues_tables_and_options_out_of_range_are_refused()
    {
        EmulatedNic nic = new(new EmulatedNicOptions { RxQueues = 2 });
        Assert.Throws<ArgumentOutOfRangeException>(() => nic.AddRule(new FlowRule(2)));
        Assert.Throws<ArgumentOutOfRangeException>(() => nic.CountersOf(-1));
        Assert.Throws<ArgumentException>(() => nic.RssTable = [0, 1]);
        Assert.Throws<ArgumentException>(() => nic.RssTable = [.. Enumerable.Repeat(2, 128)]);
        Assert.Throws<ArgumentException>(() => new EmulatedNic(new EmulatedNicOptions { RxQueues = 0 }));
        Assert.Throws<ArgumentException>(() => new EmulatedNic(new EmulatedNicOptions { Name = "longer-than-the-kernel-takes" }));
    }

    [Fact]
    public void Every_queue_of_every_interface_has_a_NAPI_id_of_its_own()
    {
        EmulatedNic one = new();
        EmulatedNic other = new();
        uint[] ids = [.. new[] { one, other }.SelectMany(nic => Enumerable.Range(0, nic.RxQueues).Select(nic.NapiIdOf))];
        Assert.Distinct(ids);
        Assert.NotEqual(one.Index, other.Index);
    }
}
