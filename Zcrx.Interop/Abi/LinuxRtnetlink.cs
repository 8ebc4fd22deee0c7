using System.Runtime.InteropServices;

namespace Zcrx.Interop.Abi;

/// <summary>
/// Contains constants of <c>linux/rtnetlink.h</c>, <c>linux/net_namespace.h</c>, <c>linux/if_link.h</c> and <c>linux/if.h</c> under their C
/// names.
/// </summary>
internal static class LinuxRtnetlink
{
    public const ushort RTM_NEWLINK = 16;
    public const ushort RTM_DELLINK = 17;
    public const ushort RTM_GETLINK = 18;
    public const ushort RTM_NEWNSID = 88;
    public const ushort RTM_GETNSID = 90;
    public const int RTNLGRP_LINK = 1;
    public const uint RTEXT_FILTER_SKIP_STATS = 8;

    public const ushort IFLA_IFNAME = 3;
    public const ushort IFLA_EXT_MASK = 29;
    public const ushort IFLA_NUM_RX_QUEUES = 32;
    public const ushort IFLA_XDP = 43;
    public const ushort IFLA_XDP_ATTACHED = 2;
    public const byte XDP_ATTACHED_NONE = 0;
    public const ushort IFLA_PARENT_DEV_NAME = 56;

    public const ushort NETNSA_NSID = 1;
    public const ushort NETNSA_FD = 3;

    public const uint IFF_UP = 1;
    public const uint IFF_LOWER_UP = 1 << 16;
}

/// <summary>The fixed part of a message about a network interface (a link).</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal struct ifinfomsg
{
    [FieldOffset(0)] public byte ifi_family;
    [FieldOffset(1)] public byte __ifi_pad;
    [FieldOffset(2)] public ushort ifi_type;
    [FieldOffset(4)] public int ifi_index;
    [FieldOffset(8)] public uint ifi_flags;
    [FieldOffset(12)] public uint ifi_change;
}

/// <summary>The fixed part of a message about a network namespace.</summary>
[StructLayout(LayoutKind.Explicit, Size = 1)]
internal struct rtgenmsg
{
    [FieldOffset(0)] public byte rtgen_family;
}

/// <summary>The argument of a device ioctl, with the members that ethtool uses.</summary>
[StructLayout(LayoutKind.Explicit, Size = 40)]
internal unsafe struct ifreq
{
    [FieldOffset(0)] public fixed byte ifr_name[16];
    [FieldOffset(16)] public void* ifr_data;
}
