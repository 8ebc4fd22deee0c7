using System.Runtime.InteropServices;
using Zcrx.Interop.Abi;

namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Reads a sequence of attributes. Never reads beyond the sequence, and ends at the first malformed attribute.</summary>
internal ref struct NetlinkAttributes(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>Reads the next attribute.</summary>
    public bool TryRead(out NetlinkAttribute attribute)
    {
        attribute = default;
        if (!MemoryMarshal.TryRead(_rest, out nlattr header) || header.nla_len < Marshal.SizeOf<nlattr>() || header.nla_len > _rest.Length)
        {
            return false;
        }

        int length = header.nla_len;
        attribute = new NetlinkAttribute(
            (ushort)(header.nla_type & ~(LinuxNetlink.NLA_F_NESTED | LinuxNetlink.NLA_F_NET_BYTEORDER)), _rest[Marshal.SizeOf<nlattr>()..length]);
        _rest = _rest[int.Min(NetlinkMessages.Align(length), _rest.Length)..];
        return true;
    }
}
