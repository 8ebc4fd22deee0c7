using System.Runtime.InteropServices;

namespace Zcrx.Interop.Abi;

/// <summary>Contains constants of <c>linux/netlink.h</c> under their C names.</summary>
internal static class LinuxNetlink
{
    public const int NETLINK_ROUTE = 0;
    public const int NETLINK_GENERIC = 16;

    public const ushort NLM_F_REQUEST = 1;
    public const ushort NLM_F_MULTI = 2;
    public const ushort NLM_F_ACK = 4;
    public const ushort NLM_F_DUMP_INTR = 16;
    public const ushort NLM_F_DUMP = 0x300;
    public const ushort NLM_F_CAPPED = 0x100;
    public const ushort NLM_F_ACK_TLVS = 0x200;

    public const ushort NLMSG_NOOP = 1;
    public const ushort NLMSG_ERROR = 2;
    public const ushort NLMSG_DONE = 3;
    public const ushort NLMSG_OVERRUN = 4;
    public const ushort NLMSG_MIN_TYPE = 16;

    public const ushort NLMSGERR_ATTR_MSG = 1;

    public const ushort NLA_F_NESTED = 1 << 15;
    public const ushort NLA_F_NET_BYTEORDER = 1 << 14;

    public const int NETLINK_ADD_MEMBERSHIP = 1;
    public const int NETLINK_CAP_ACK = 10;
    public const int NETLINK_EXT_ACK = 11;
}

/// <summary>The header of every netlink message.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal struct nlmsghdr
{
    [FieldOffset(0)] public uint nlmsg_len;
    [FieldOffset(4)] public ushort nlmsg_type;
    [FieldOffset(6)] public ushort nlmsg_flags;
    [FieldOffset(8)] public uint nlmsg_seq;
    [FieldOffset(12)] public uint nlmsg_pid;
}

/// <summary>The header of an attribute. Its value follows, padded to four bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 4)]
internal struct nlattr
{
    [FieldOffset(0)] public ushort nla_len;
    [FieldOffset(2)] public ushort nla_type;
}

/// <summary>The fixed part of an error or an acknowledgement.</summary>
[StructLayout(LayoutKind.Explicit, Size = 20)]
internal struct nlmsgerr
{
    [FieldOffset(0)] public int error;
    [FieldOffset(4)] public nlmsghdr msg;
}

/// <summary>The address of a netlink socket. The kernel's address has <c>nl_pid</c> 0.</summary>
[StructLayout(LayoutKind.Explicit, Size = 12)]
internal struct sockaddr_nl
{
    [FieldOffset(0)] public ushort nl_family;
    [FieldOffset(2)] public ushort nl_pad;
    [FieldOffset(4)] public uint nl_pid;
    [FieldOffset(8)] public uint nl_groups;
}
