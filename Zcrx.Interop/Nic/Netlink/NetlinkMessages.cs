using System.Runtime.InteropServices;
using Zcrx.Interop.Abi;

namespace Zcrx.Interop.Nic.Netlink;

/// <summary>The messages of one datagram. Whatever the bytes are, nothing outside them is looked at.</summary>
internal ref struct NetlinkMessages(ReadOnlySpan<byte> datagram)
{
    private const int Alignment = 4;

    private ReadOnlySpan<byte> _rest = datagram;

    /// <summary>A length said less than a header or more than there was; what follows it cannot be found.</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>Takes the next message.</summary>
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
        // The last one need not be padded.
        _rest = _rest[int.Min(Align(length), _rest.Length)..];
        return true;
    }

    public static int Align(int length) => (length + Alignment - 1) & ~(Alignment - 1);
}
