namespace Zcrx.Interop.Abi;

/// <summary>Contains constants of <c>linux/ethtool_netlink.h</c> under their C names.</summary>
internal static class LinuxEthtoolNetlink
{
    public const byte ETHTOOL_GENL_VERSION = 1;

    public const ushort ETHTOOL_A_HEADER_DEV_INDEX = 1;

    public const byte ETHTOOL_MSG_RINGS_GET = 15;
    public const byte ETHTOOL_MSG_RINGS_SET = 16;
    public const byte ETHTOOL_MSG_RINGS_GET_REPLY = 16;
    public const ushort ETHTOOL_A_RINGS_HEADER = 1;
    public const ushort ETHTOOL_A_RINGS_TCP_DATA_SPLIT = 11;
    public const ushort ETHTOOL_A_RINGS_HDS_THRESH = 17;

    public const byte ETHTOOL_MSG_CHANNELS_GET = 17;
    public const byte ETHTOOL_MSG_CHANNELS_GET_REPLY = 18;
    public const ushort ETHTOOL_A_CHANNELS_HEADER = 1;
    public const ushort ETHTOOL_A_CHANNELS_RX_MAX = 2;
    public const ushort ETHTOOL_A_CHANNELS_COMBINED_MAX = 5;
    public const ushort ETHTOOL_A_CHANNELS_RX_COUNT = 6;
    public const ushort ETHTOOL_A_CHANNELS_COMBINED_COUNT = 9;

    public const byte ETHTOOL_MSG_RSS_GET = 38;
    public const byte ETHTOOL_MSG_RSS_GET_REPLY = 38;
    public const ushort ETHTOOL_A_RSS_HEADER = 1;
    public const ushort ETHTOOL_A_RSS_CONTEXT = 2;
    public const ushort ETHTOOL_A_RSS_INDIR = 4;
}
