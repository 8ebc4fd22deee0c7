using System.Runtime.InteropServices;
using Zcrx.Interop.Abi;

namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Represents one netlink message with its header and its payload.</summary>
internal readonly ref struct NetlinkMessage(nlmsghdr header, ReadOnlySpan<byte> payload)
{
    public ushort Type => header.nlmsg_type;

    public ushort Flags => header.nlmsg_flags;

    public uint Sequence => header.nlmsg_seq;

    public ReadOnlySpan<byte> Payload { get; } = payload;

    /// <summary>Reads the fixed part at the beginning of the payload, and the attributes after it.</summary>
    public bool TryRead<T>(out T fixedPart, out NetlinkAttributes attributes)
        where T : unmanaged
    {
        attributes = default;
        if (!MemoryMarshal.TryRead(Payload, out fixedPart))
        {
            return false;
        }

        attributes = new NetlinkAttributes(Payload[int.Min(NetlinkMessages.Align(Marshal.SizeOf<T>()), Payload.Length)..]);
        return true;
    }
}
