using System.Net;
using System.Net.Sockets;
using FsCheck;
using FsCheck.Fluent;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Nic.Netlink;

namespace Zcrx.Interop.Tests.Nic;

/// <summary>Tests the conversion of flow rules to the kernel's format, and their location in the rule table.</summary>
public class RuleTests
{
    private static readonly Gen<FlowRule> Rules =
        from v6 in Gen.Elements(true, false)
        let addresses = Gen.Elements<string?>(null, v6 ? "2001:db8::1" : "192.0.2.1", v6 ? "::1" : "127.0.0.1").Select(text => text is null ? null : IPAddress.Parse(text))
        let ports = Gen.OneOf(Gen.Constant((int?)null), Gen.Choose(0, 65535).Select(port => (int?)port))
        from queue in Gen.Choose(0, 1024)
        from localPort in ports
        from remotePort in ports
        from local in addresses
        from remote in addresses
        select new FlowRule(queue, localPort, remotePort, local, remote) { Family = v6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork };

    [Fact]
    public void Rule_that_is_written_is_read_back_unchanged() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(2_000), Prop.ForAll(Rules.ToArbitrary(), static rule => Assert.Equal(rule, RuleSpec.Read(RuleSpec.Write(rule)))));

    [Fact]
    public void Addresses_and_ports_are_at_the_offsets_that_the_kernel_reads()
    {
        ethtool_rx_flow_spec spec = RuleSpec.Write(new FlowRule(3, 0x1234, 0x5678, IPAddress.Parse("1.2.3.4"), IPAddress.Parse("5.6.7.8").MapToIPv6()));

        Assert.Equal((LinuxEthtool.TCP_V4_FLOW, 3ul), (spec.flow_type, spec.ring_cookie));
        Assert.Equal(BitConverter.ToUInt32([1, 2, 3, 4]), spec.h_u.tcp_ip4_spec.ip4dst);
        Assert.Equal(BitConverter.ToUInt32([5, 6, 7, 8]), spec.h_u.tcp_ip4_spec.ip4src);
        Assert.Equal(BitConverter.ToUInt16([0x12, 0x34]), spec.h_u.tcp_ip4_spec.pdst);
        Assert.Equal(BitConverter.ToUInt16([0x56, 0x78]), spec.h_u.tcp_ip4_spec.psrc);
        Assert.Equal((uint.MaxValue, ushort.MaxValue, (byte)0), (spec.m_u.tcp_ip4_spec.ip4src, spec.m_u.tcp_ip4_spec.pdst, spec.m_u.tcp_ip4_spec.tos));
    }

    [Fact]
    public void Rule_that_a_FlowRule_cannot_express_is_not_read()
    {
        ethtool_rx_flow_spec spec = RuleSpec.Write(new FlowRule(3, LocalPort: 80) { Family = AddressFamily.InterNetwork });

        Assert.Null(RuleSpec.Read(spec with { ring_cookie = LinuxEthtool.RX_CLS_FLOW_DISC }));
        Assert.Null(RuleSpec.Read(spec with { flow_type = 2 }));
        Assert.Null(RuleSpec.Read(spec with { flow_type = spec.flow_type | 0x20000000 }));
        ethtool_rx_flow_spec service = spec;
        service.m_u.tcp_ip4_spec.tos = 0xff;
        Assert.Null(RuleSpec.Read(service));
        ethtool_rx_flow_spec network = spec;
        network.m_u.tcp_ip4_spec.ip4src = BitConverter.ToUInt32([255, 255, 255, 0]);
        Assert.Null(RuleSpec.Read(network));
    }

    [Fact]
    public void IPv6_rule_for_an_IPv4_mapped_address_is_not_read()
    {
        ethtool_rx_flow_spec spec = RuleSpec.Write(new FlowRule(3, LocalAddress: IPAddress.IPv6Loopback));
        IPAddress.Parse("::ffff:192.0.2.1").GetAddressBytes().CopyTo(System.Runtime.InteropServices.MemoryMarshal.AsBytes(new Span<ethtool_flow_union>(ref spec.h_u))[16..]);

        Assert.Null(RuleSpec.Read(spec));
    }

    [Fact]
    public void Rule_that_no_flow_can_match_is_refused()
    {
        Assert.Throws<ArgumentException>(() => RuleSpec.Write(new FlowRule(0, LocalPort: 80)));
        Assert.Throws<ArgumentException>(() => RuleSpec.Write(new FlowRule(0, LocalAddress: IPAddress.Loopback, RemoteAddress: IPAddress.IPv6Loopback)));
        Assert.Throws<ArgumentException>(() => RuleSpec.Write(new FlowRule(0, LocalPort: 65536, LocalAddress: IPAddress.Loopback)));
        Assert.Throws<ArgumentException>(() => RuleSpec.Write(new FlowRule(-1, LocalPort: 1, LocalAddress: IPAddress.Loopback)));
    }

    [Fact]
    public void Chosen_location_is_free_and_precedes_the_others_if_possible() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(2_000),
        Prop.ForAll<byte, byte[]>((size, places) =>
        {
            uint[] taken = [.. places.Distinct().Where(place => place < size).Select(place => (uint)place)];
            if (RuleLocation.Choose(size, taken) is not { } chosen)
            {
                Assert.Equal(size, taken.Length);
                return;
            }

            Assert.True(chosen < size && !taken.Contains(chosen));
            Assert.True(taken.All(place => chosen < place) || taken.Contains(0u));
        }));
}
