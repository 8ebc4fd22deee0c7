using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.LinuxEthtoolNetlink;
using static Zcrx.Interop.Abi.LinuxGenetlink;
using static Zcrx.Interop.Abi.LinuxNetdev;
using static Zcrx.Interop.Abi.LinuxRtnetlink;

namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Parses the kernel's messages. Pure. An unknown or malformed attribute counts as missing.</summary>
internal static class NetlinkReplies
{
    public static bool ReadFamily(NetlinkMessage message, out FamilyReply? result)
    {
        result = null;
        if (message.Type != GENL_ID_CTRL || !message.TryRead(out genlmsghdr _, out NetlinkAttributes attributes))
        {
            return false;
        }

        while (attributes.TryRead(out NetlinkAttribute attribute))
        {
            if (attribute is { Type: CTRL_ATTR_FAMILY_ID, AsUInt16: { } id })
            {
                result = new FamilyReply(id);
            }
        }

        return result is not null;
    }

    public static bool ReadLink(NetlinkMessage message, out LinkReply? result)
    {
        result = null;
        if (message.Type is not (RTM_NEWLINK or RTM_DELLINK) || !message.TryRead(out ifinfomsg link, out NetlinkAttributes attributes) || link.ifi_index <= 0)
        {
            return false;
        }

        LinkReply reply = new((uint)link.ifi_index, message.Type == RTM_DELLINK, link.ifi_flags);
        while (attributes.TryRead(out NetlinkAttribute attribute))
        {
            reply = attribute.Type switch
            {
                IFLA_IFNAME => reply with { Name = attribute.AsText },
                IFLA_NUM_RX_QUEUES => reply with { RxQueues = Count(attribute.AsUInt32) },
                IFLA_PARENT_DEV_NAME => reply with { HasParent = true },
                IFLA_XDP => reply with { HasXdp = ReadXdp(attribute.Nested) },
                _ => reply,
            };
        }

        result = reply;
        return true;
    }

    public static bool ReadRings(NetlinkMessage message, out RingsReply? result)
    {
        result = null;
        if (!message.TryRead(out genlmsghdr header, out NetlinkAttributes attributes) || header.cmd != ETHTOOL_MSG_RINGS_GET_REPLY)
        {
            return false;
        }

        RingsReply reply = new();
        while (attributes.TryRead(out NetlinkAttribute attribute))
        {
            reply = attribute.Type switch
            {
                ETHTOOL_A_RINGS_TCP_DATA_SPLIT => reply with
                {
                    Split = attribute.AsByte switch
                    {
                        LinuxEthtool.ETHTOOL_TCP_DATA_SPLIT_ENABLED => true,
                        LinuxEthtool.ETHTOOL_TCP_DATA_SPLIT_DISABLED => false,
                        _ => null,
                    },
                },
                ETHTOOL_A_RINGS_HDS_THRESH => reply with { Threshold = Count(attribute.AsUInt32) },
                _ => reply,
            };
        }

        result = reply;
        return true;
    }

    public static bool ReadChannels(NetlinkMessage message, out ChannelsReply? result)
    {
        result = null;
        if (!message.TryRead(out genlmsghdr header, out NetlinkAttributes attributes) || header.cmd != ETHTOOL_MSG_CHANNELS_GET_REPLY)
        {
            return false;
        }

        int now = 0;
        int most = 0;
        while (attributes.TryRead(out NetlinkAttribute attribute))
        {
            switch (attribute.Type)
            {
                // A combined channel also has an RX queue.
                case ETHTOOL_A_CHANNELS_RX_COUNT or ETHTOOL_A_CHANNELS_COMBINED_COUNT:
                    now += Count(attribute.AsUInt32) ?? 0;
                    break;
                case ETHTOOL_A_CHANNELS_RX_MAX or ETHTOOL_A_CHANNELS_COMBINED_MAX:
                    most += Count(attribute.AsUInt32) ?? 0;
                    break;
                default:
                    break;
            }
        }

        result = new ChannelsReply(now, most);
        return true;
    }

    public static bool ReadRss(NetlinkMessage message, out RssReply? result)
    {
        result = null;
        if (!message.TryRead(out genlmsghdr header, out NetlinkAttributes attributes) || header.cmd != ETHTOOL_MSG_RSS_GET_REPLY)
        {
            return false;
        }

        RssReply reply = new(0, []);
        while (attributes.TryRead(out NetlinkAttribute attribute))
        {
            reply = attribute.Type switch
            {
                ETHTOOL_A_RSS_CONTEXT => reply with { Context = Count(attribute.AsUInt32) ?? 0 },
                ETHTOOL_A_RSS_INDIR => reply with { Table = attribute.AsUInt32Array is { } table ? [.. table.Select(static queue => (int)uint.Min(queue, int.MaxValue))] : [] },
                _ => reply,
            };
        }

        result = reply;
        return true;
    }

    /// <summary>Parses an RX queue. The result is null for a TX queue.</summary>
    public static bool ReadQueue(NetlinkMessage message, out RxQueueFacts? result)
    {
        bool valid = ReadQueueOfInterface(message, out QueueReply? reply);
        result = reply?.Queue;
        return valid;
    }

    /// <summary>Parses an RX queue and the index of its interface. The result is null for a TX queue.</summary>
    public static bool ReadQueueOfInterface(NetlinkMessage message, out QueueReply? result)
    {
        result = null;
        if (!message.TryRead(out genlmsghdr header, out NetlinkAttributes attributes) || header.cmd != NETDEV_CMD_QUEUE_GET)
        {
            return false;
        }

        uint? id = null;
        uint? type = null;
        uint index = 0;
        uint napi = 0;
        RxMemoryProvider provider = RxMemoryProvider.Kernel;
        RxQueueLease? lease = null;
        while (attributes.TryRead(out NetlinkAttribute attribute))
        {
            switch (attribute.Type)
            {
                case NETDEV_A_QUEUE_ID:
                    id = attribute.AsUInt32;
                    break;
                case NETDEV_A_QUEUE_IFINDEX:
                    index = attribute.AsUInt32 ?? 0;
                    break;
                case NETDEV_A_QUEUE_TYPE:
                    type = attribute.AsUInt32;
                    break;
                case NETDEV_A_QUEUE_NAPI_ID:
                    napi = attribute.AsUInt32 ?? 0;
                    break;
                case NETDEV_A_QUEUE_DMABUF:
                    provider = RxMemoryProvider.DmaBuf;
                    break;
                case NETDEV_A_QUEUE_IO_URING:
                    provider = RxMemoryProvider.IoUring;
                    break;
                case NETDEV_A_QUEUE_XSK:
                    provider = RxMemoryProvider.Xsk;
                    break;
                case NETDEV_A_QUEUE_LEASE:
                    lease = ReadLease(attribute.Nested);
                    break;
                default:
                    break;
            }
        }

        if (id is not <= int.MaxValue || type is null)
        {
            return false;
        }

        provider = provider == RxMemoryProvider.Kernel && lease is not null ? RxMemoryProvider.Leased : provider;
        result = type == NETDEV_QUEUE_TYPE_RX ? new QueueReply(index, new RxQueueFacts((int)id, napi, provider) { Lease = lease }) : null;
        return true;
    }

    /// <summary>Parses the index of a queue that was created.</summary>
    public static bool ReadCreatedQueue(NetlinkMessage message, out CreatedQueueReply? result)
    {
        result = null;
        if (!message.TryRead(out genlmsghdr header, out NetlinkAttributes attributes) || header.cmd != NETDEV_CMD_QUEUE_CREATE)
        {
            return false;
        }

        while (attributes.TryRead(out NetlinkAttribute attribute))
        {
            if (attribute is { Type: NETDEV_A_QUEUE_ID, AsUInt32: <= int.MaxValue and { } id })
            {
                result = new CreatedQueueReply((int)id);
            }
        }

        return result is not null;
    }

    /// <summary>Parses the id of a network namespace. The id is null when none is assigned.</summary>
    public static bool ReadNamespaceId(NetlinkMessage message, out NamespaceIdReply? result)
    {
        result = null;
        if (message.Type != RTM_NEWNSID || !message.TryRead(out rtgenmsg _, out NetlinkAttributes attributes))
        {
            return false;
        }

        while (attributes.TryRead(out NetlinkAttribute attribute))
        {
            if (attribute is { Type: NETNSA_NSID, AsUInt32: { } id })
            {
                result = new NamespaceIdReply(id <= int.MaxValue ? (int)id : null);
            }
        }

        return result is not null;
    }

    /// <summary>Parses the index of the interface to which a NAPI instance belongs.</summary>
    public static bool ReadNapi(NetlinkMessage message, out NapiReply? result)
    {
        result = null;
        if (!message.TryRead(out genlmsghdr header, out NetlinkAttributes attributes) || header.cmd != NETDEV_CMD_NAPI_GET)
        {
            return false;
        }

        while (attributes.TryRead(out NetlinkAttribute attribute))
        {
            if (attribute is { Type: NETDEV_A_NAPI_IFINDEX, AsUInt32: { } index })
            {
                result = new NapiReply(index);
            }
        }

        return result is not null;
    }

    private static RxQueueLease ReadLease(NetlinkAttributes attributes)
    {
        uint index = 0;
        int queue = 0;
        int? namespaceId = null;
        while (attributes.TryRead(out NetlinkAttribute attribute))
        {
            switch (attribute.Type)
            {
                case NETDEV_A_LEASE_IFINDEX:
                    index = attribute.AsUInt32 ?? 0;
                    break;
                case NETDEV_A_LEASE_NETNS_ID:
                    namespaceId = Count(attribute.AsUInt32);
                    break;
                case NETDEV_A_LEASE_QUEUE:
                    NetlinkAttributes nested = attribute.Nested;
                    while (nested.TryRead(out NetlinkAttribute part))
                    {
                        queue = part.Type == NETDEV_A_QUEUE_ID ? Count(part.AsUInt32) ?? 0 : queue;
                    }

                    break;
                default:
                    break;
            }
        }

        return new RxQueueLease(index, queue, namespaceId);
    }

    private static bool ReadXdp(NetlinkAttributes attributes)
    {
        while (attributes.TryRead(out NetlinkAttribute attribute))
        {
            if (attribute.Type == IFLA_XDP_ATTACHED)
            {
                return attribute.AsByte is { } attached && attached != XDP_ATTACHED_NONE;
            }
        }

        return false;
    }

    private static int? Count(uint? value) => value is <= int.MaxValue ? (int)value : null;
}
