using System.Runtime.InteropServices;

namespace Zcrx.Interop.Abi;

/// <summary>Contains constants of <c>linux/ethtool.h</c>, and <c>SIOCETHTOOL</c> of <c>linux/sockios.h</c>, under their C names.</summary>
internal static class LinuxEthtool
{
    public const uint SIOCETHTOOL = 0x8946;

    public const uint ETHTOOL_GDRVINFO = 0x3;
    public const uint ETHTOOL_GRXRINGS = 0x2d;
    public const uint ETHTOOL_GRXCLSRLCNT = 0x2e;
    public const uint ETHTOOL_GRXCLSRULE = 0x2f;
    public const uint ETHTOOL_GRXCLSRLALL = 0x30;
    public const uint ETHTOOL_SRXCLSRLDEL = 0x31;
    public const uint ETHTOOL_SRXCLSRLINS = 0x32;
    public const uint ETHTOOL_GRXFHINDIR = 0x38;
    public const uint ETHTOOL_SRXFHINDIR = 0x39;

    public const byte ETHTOOL_TCP_DATA_SPLIT_UNKNOWN = 0;
    public const byte ETHTOOL_TCP_DATA_SPLIT_DISABLED = 1;
    public const byte ETHTOOL_TCP_DATA_SPLIT_ENABLED = 2;

    public const uint TCP_V4_FLOW = 1;
    public const uint TCP_V6_FLOW = 5;
    public const ulong RX_CLS_FLOW_DISC = ulong.MaxValue;
    public const uint RX_CLS_LOC_SPECIAL = 0x80000000;
    public const uint RX_CLS_LOC_ANY = 0xffffffff;
}

/// <summary>Result of <c>ETHTOOL_GDRVINFO</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 196)]
internal unsafe struct ethtool_drvinfo
{
    [FieldOffset(0)] public uint cmd;
    [FieldOffset(4)] public fixed byte driver[32];
    [FieldOffset(36)] public fixed byte version[32];
    [FieldOffset(68)] public fixed byte fw_version[32];
    [FieldOffset(100)] public fixed byte bus_info[32];
    [FieldOffset(132)] public fixed byte erom_version[32];
    [FieldOffset(164)] public fixed byte reserved2[12];
    [FieldOffset(176)] public uint n_priv_flags;
    [FieldOffset(180)] public uint n_stats;
    [FieldOffset(184)] public uint testinfo_len;
    [FieldOffset(188)] public uint eedump_len;
    [FieldOffset(192)] public uint regdump_len;
}

/// <summary>The header of the RSS table. The table follows it: <c>size</c> queue indexes of 32 bits.</summary>
[StructLayout(LayoutKind.Explicit, Size = 8)]
internal struct ethtool_rxfh_indir
{
    [FieldOffset(0)] public uint cmd;
    [FieldOffset(4)] public uint size;
}

/// <summary>The addresses and ports of a flow rule for TCP over IPv4, in network byte order.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal struct ethtool_tcpip4_spec
{
    [FieldOffset(0)] public uint ip4src;
    [FieldOffset(4)] public uint ip4dst;
    [FieldOffset(8)] public ushort psrc;
    [FieldOffset(10)] public ushort pdst;
    [FieldOffset(12)] public byte tos;
}

/// <summary>The addresses and ports of a flow rule for TCP over IPv6, in network byte order.</summary>
[StructLayout(LayoutKind.Explicit, Size = 40)]
internal unsafe struct ethtool_tcpip6_spec
{
    [FieldOffset(0)] public fixed uint ip6src[4];
    [FieldOffset(16)] public fixed uint ip6dst[4];
    [FieldOffset(32)] public ushort psrc;
    [FieldOffset(34)] public ushort pdst;
    [FieldOffset(36)] public byte tclass;
}

/// <summary>The addresses and ports of a flow rule. The flow type of the rule determines which member is valid.</summary>
[StructLayout(LayoutKind.Explicit, Size = 52)]
internal unsafe struct ethtool_flow_union
{
    [FieldOffset(0)] public ethtool_tcpip4_spec tcp_ip4_spec;
    [FieldOffset(0)] public ethtool_tcpip6_spec tcp_ip6_spec;
    [FieldOffset(0)] public fixed byte hdata[52];
}

/// <summary>The VLAN and the MAC address of a flow rule.</summary>
[StructLayout(LayoutKind.Explicit, Size = 20)]
internal unsafe struct ethtool_flow_ext
{
    [FieldOffset(0)] public fixed byte padding[2];
    [FieldOffset(2)] public fixed byte h_dest[6];
    [FieldOffset(8)] public ushort vlan_etype;
    [FieldOffset(10)] public ushort vlan_tci;
    [FieldOffset(12)] public fixed uint data[2];
}

/// <summary>
/// A flow rule. It sends packets with the values <c>h_u</c> and <c>h_ext</c> to a queue. Only bits that are set in the masks <c>m_u</c> and
/// <c>m_ext</c> are compared.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 168)]
internal struct ethtool_rx_flow_spec
{
    [FieldOffset(0)] public uint flow_type;
    [FieldOffset(4)] public ethtool_flow_union h_u;
    [FieldOffset(56)] public ethtool_flow_ext h_ext;
    [FieldOffset(76)] public ethtool_flow_union m_u;
    [FieldOffset(128)] public ethtool_flow_ext m_ext;
    [FieldOffset(152)] public ulong ring_cookie;
    [FieldOffset(160)] public uint location;
}

/// <summary>
/// The argument of calls that read and change flow rules. The locations of the rules follow directly after <c>rule_cnt</c>.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 192)]
internal struct ethtool_rxnfc
{
    [FieldOffset(0)] public uint cmd;
    [FieldOffset(4)] public uint flow_type;
    [FieldOffset(8)] public ulong data;
    [FieldOffset(16)] public ethtool_rx_flow_spec fs;
    [FieldOffset(184)] public uint rule_cnt;
}
