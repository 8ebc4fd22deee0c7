using System.Runtime.InteropServices;
using Zcrx.Interop.Abi;

namespace Zcrx.Interop.Nic.Netlink;

/// <summary>One message: its header, and the bytes behind it.</summary>
internal readonly ref struct NetlinkMessage(nlmsghdr header, ReadOnlySpan<byte> payload)
{
    public ushort Type => header.nlmsg_type;

    public ushort Flags => header.nlmsg_flags;

    public uint Sequence => header.nlmsg_seq;

    public ReadOnlySpan<byte> Payload { get; } = payload;

    /// <summary>The fixed part that such a message begins with, and the attributes behind it.</summary>
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
