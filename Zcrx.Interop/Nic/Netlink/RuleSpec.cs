using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.LinuxEthtool;

namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Converts flow rules between the kernel's form and <see cref="FlowRule"/>. Pure.</summary>
internal static class RuleSpec
{
    // The offsets of the addresses and ports in a kernel rule. V4 is for TCP over IPv4, V6 for TCP over IPv6.
    private static readonly Layout V4 = new(4, 0, 4, 8, 10, 12);
    private static readonly Layout V6 = new(16, 0, 16, 32, 34, 36);

    /// <summary>
    /// Converts a rule of the kernel. Returns null for a rule that a FlowRule cannot express. Such a rule has another protocol, a partial
    /// address, or an action other than a queue.
    /// </summary>
    public static FlowRule? Read(ethtool_rx_flow_spec spec)
    {
        if (spec.flow_type is not (TCP_V4_FLOW or TCP_V6_FLOW) || spec.ring_cookie > int.MaxValue)
        {
            return null;
        }

        Layout layout = spec.flow_type == TCP_V4_FLOW ? V4 : V6;
        ReadOnlySpan<byte> values = Bytes(ref spec.h_u);
        ReadOnlySpan<byte> masks = Bytes(ref spec.m_u);
        if (!TryPart(masks, layout.LocalAddress, layout.AddressLength, out bool localAddress) ||
            !TryPart(masks, layout.RemoteAddress, layout.AddressLength, out bool remoteAddress) ||
            !TryPart(masks, layout.LocalPort, 2, out bool localPort) ||
            !TryPart(masks, layout.RemotePort, 2, out bool remotePort) ||
            masks[layout.TrafficClass] != 0)
        {
            return null;
        }

        IPAddress? local = localAddress ? new IPAddress(values.Slice(layout.LocalAddress, layout.AddressLength)) : null;
        IPAddress? remote = remoteAddress ? new IPAddress(values.Slice(layout.RemoteAddress, layout.AddressLength)) : null;
        if (local is { IsIPv4MappedToIPv6: true } || remote is { IsIPv4MappedToIPv6: true })
        {
            // A FlowRule treats an IPv4-mapped address as IPv4. Writing the rule back would therefore change the rule. The rule matches
            // nothing, because no packet has such an address.
            return null;
        }

        return new FlowRule(
            (int)spec.ring_cookie,
            localPort ? BinaryPrimitives.ReadUInt16BigEndian(values[layout.LocalPort..]) : null,
            remotePort ? BinaryPrimitives.ReadUInt16BigEndian(values[layout.RemotePort..]) : null,
            local,
            remote)
        {
            Family = layout == V4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6,
        };
    }

    /// <summary>Converts a rule to the kernel's form.</summary>
    /// <exception cref="ArgumentException">The rule's address family is unspecified, or its parts contradict each other.</exception>
    public static ethtool_rx_flow_spec Write(FlowRule rule)
    {
        IPAddress? local = Unmapped(rule.LocalAddress);
        IPAddress? remote = Unmapped(rule.RemoteAddress);
        AddressFamily family = (local ?? remote)?.AddressFamily ?? rule.Family
            ?? throw new ArgumentException($"A rule of a network interface is for IPv4 or for IPv6: set {nameof(FlowRule.Family)}, or add one for each.", nameof(rule));
        if ((local ?? remote)?.AddressFamily != (remote ?? local)?.AddressFamily || family is not (AddressFamily.InterNetwork or AddressFamily.InterNetworkV6) ||
            rule.Queue < 0 || rule.LocalPort is < 0 or > ushort.MaxValue || rule.RemotePort is < 0 or > ushort.MaxValue)
        {
            throw new ArgumentException($"No flow can match the rule {rule}.", nameof(rule));
        }

        Layout layout = family == AddressFamily.InterNetwork ? V4 : V6;
        ethtool_rx_flow_spec spec = new() { flow_type = layout == V4 ? TCP_V4_FLOW : TCP_V6_FLOW, ring_cookie = (ulong)rule.Queue };
        Span<byte> values = Bytes(ref spec.h_u);
        Span<byte> masks = Bytes(ref spec.m_u);
        WriteAddress(local, layout.LocalAddress, values, masks);
        WriteAddress(remote, layout.RemoteAddress, values, masks);
        WritePort(rule.LocalPort, layout.LocalPort, values, masks);
        WritePort(rule.RemotePort, layout.RemotePort, values, masks);
        return spec;
    }

    private static void WriteAddress(IPAddress? address, int offset, Span<byte> values, Span<byte> masks)
    {
        if (address is not null && address.TryWriteBytes(values[offset..], out int length))
        {
            masks.Slice(offset, length).Fill(0xff);
        }
    }

    private static void WritePort(int? port, int offset, Span<byte> values, Span<byte> masks)
    {
        if (port is { } number)
        {
            BinaryPrimitives.WriteUInt16BigEndian(values[offset..], (ushort)number);
            masks.Slice(offset, 2).Fill(0xff);
        }
    }

    private static bool TryPart(ReadOnlySpan<byte> masks, int offset, int length, out bool counts)
    {
        ReadOnlySpan<byte> mask = masks.Slice(offset, length);
        counts = mask[0] != 0;
        return !mask.ContainsAnyExcept(mask[0]) && mask[0] is 0 or 0xff;
    }

    private static Span<byte> Bytes(ref ethtool_flow_union part) => MemoryMarshal.AsBytes(new Span<ethtool_flow_union>(ref part));

    private static IPAddress? Unmapped(IPAddress? address) => address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;

    private sealed record Layout(int AddressLength, int RemoteAddress, int LocalAddress, int RemotePort, int LocalPort, int TrafficClass);
}
