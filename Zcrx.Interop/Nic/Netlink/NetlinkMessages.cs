using System.Runtime.InteropServices;
using Zcrx.Interop.Abi;

namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Reads the messages of one datagram. Never reads beyond the datagram.</summary>
internal ref struct NetlinkMessages(ReadOnlySpan<byte> datagram)
{
    private const int Alignment = 4;

    private ReadOnlySpan<byte> _rest = datagram;

    /// <summary>Gets a value indicating whether a message had an invalid length, so that the next message cannot be found.</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>Reads the next message.</summary>
    public bool TryRead(out NetlinkMessage message)
    {
        message = default;
        if (_rest.IsEmpty || IsMalformed)
        {
            return false;
        }

        if (!MemoryMarshal.TryRead(_rest, out nlmsghdr header) || header.nlmsg_len < Marshal.SizeOf<nlmsghdr>() || header.nlmsg_len > _rest.Length)
        {
            IsMalformed = true;
            return false;
        }

        int length = (int)header.nlmsg_len;
        message = new NetlinkMessage(header, _rest[Marshal.SizeOf<nlmsghdr>()..length]);
        // The padding after the last message may be missing.
        _rest = _rest[int.Min(Align(length), _rest.Length)..];
        return true;
    }

    public static int Align(int length) => (length + Alignment - 1) & ~(Alignment - 1);
}
