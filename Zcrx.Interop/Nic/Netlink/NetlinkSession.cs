using System.Text;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.LinuxEthtoolNetlink;
using static Zcrx.Interop.Abi.LinuxGenetlink;
using static Zcrx.Interop.Abi.LinuxNetdev;
using static Zcrx.Interop.Abi.LinuxNetlink;
using static Zcrx.Interop.Abi.LinuxRtnetlink;

namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Queries and changes network interfaces. Its sockets stay open until it is disposed. Not thread-safe.</summary>
internal sealed class NetlinkSession(Func<int, INetlinkTransport> open) : IDisposable
{
    private const int RequestLength = 256;
    private const int MaxNameLength = 15;

    private readonly Dictionary<string, ushort> _families = [];
    private INetlinkTransport? _routeSocket;
    private INetlinkTransport? _genericSocket;
    private NetlinkExchange? _route;
    private NetlinkExchange? _generic;

    public static NetlinkSession Open() => new(NetlinkSocket.Open);

    private NetlinkExchange Route => _route ??= new NetlinkExchange(_routeSocket = open(NETLINK_ROUTE));

    private NetlinkExchange Generic => _generic ??= new NetlinkExchange(_genericSocket = open(NETLINK_GENERIC));

    /// <summary>Finds an interface by its name.</summary>
    public NetlinkOutcome GetLink(string name, out LinkReply? link)
    {
        link = null;
        if (Encoding.UTF8.GetByteCount(name) > MaxNameLength)
        {
            // No interface can have a name of this length. The kernel would report ERANGE and not ENODEV.
            return new NetlinkOutcome(-Errno.ENODEV);
        }

        NetlinkWriter writer = new(stackalloc byte[RequestLength], RTM_GETLINK, NLM_F_REQUEST | NLM_F_ACK);
        writer.Append(default(ifinfomsg));
        writer.Add(IFLA_IFNAME, name);
        writer.Add(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
        return Single(Route, writer, NetlinkReplies.ReadLink, out link);
    }

    /// <summary>Finds an interface by its index.</summary>
    public NetlinkOutcome GetLink(uint index, out LinkReply? link)
    {
        NetlinkWriter writer = new(stackalloc byte[RequestLength], RTM_GETLINK, NLM_F_REQUEST | NLM_F_ACK);
        writer.Append(new ifinfomsg { ifi_index = (int)index });
        writer.Add(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
        return Single(Route, writer, NetlinkReplies.ReadLink, out link);
    }

    public NetlinkOutcome GetRings(uint index, out RingsReply? rings) =>
        AskEthtool(index, ETHTOOL_MSG_RINGS_GET, ETHTOOL_A_RINGS_HEADER, NetlinkReplies.ReadRings, out rings);

    public NetlinkOutcome GetChannels(uint index, out ChannelsReply? channels) =>
        AskEthtool(index, ETHTOOL_MSG_CHANNELS_GET, ETHTOOL_A_CHANNELS_HEADER, NetlinkReplies.ReadChannels, out channels);

    /// <summary>Reads the interface's RSS table. Since Linux 6.12, also reads the tables of its RSS contexts.</summary>
    public NetlinkOutcome GetRss(uint index, List<RssReply> tables)
    {
        NetlinkOutcome outcome = FindFamily("ethtool", out ushort family);
        if (!outcome.Succeeded)
        {
            return outcome;
        }

        NetlinkWriter dump = Ethtool(stackalloc byte[RequestLength], family, NLM_F_REQUEST | NLM_F_DUMP, index, ETHTOOL_MSG_RSS_GET, ETHTOOL_A_RSS_HEADER);
        outcome = Generic.Query(dump.Finish(), NetlinkReplies.ReadRss, tables);
        if (outcome.Succeeded && tables.Count > 0)
        {
            return outcome;
        }

        NetlinkWriter one = Ethtool(stackalloc byte[RequestLength], family, NLM_F_REQUEST | NLM_F_ACK, index, ETHTOOL_MSG_RSS_GET, ETHTOOL_A_RSS_HEADER);
        return Generic.Query(one.Finish(), NetlinkReplies.ReadRss, tables);
    }

    public NetlinkOutcome SetRings(uint index, bool? split, int? threshold)
    {
        NetlinkOutcome outcome = FindFamily("ethtool", out ushort family);
        if (!outcome.Succeeded)
        {
            return outcome;
        }

        NetlinkWriter writer = Ethtool(stackalloc byte[RequestLength], family, NLM_F_REQUEST | NLM_F_ACK, index, ETHTOOL_MSG_RINGS_SET, ETHTOOL_A_RINGS_HEADER);
        writer.Add(ETHTOOL_A_RINGS_TCP_DATA_SPLIT, split switch
        {
            true => LinuxEthtool.ETHTOOL_TCP_DATA_SPLIT_ENABLED,
            false => LinuxEthtool.ETHTOOL_TCP_DATA_SPLIT_DISABLED,
            null => LinuxEthtool.ETHTOOL_TCP_DATA_SPLIT_UNKNOWN,
        });
        if (threshold is { } bytes)
        {
            writer.Add(ETHTOOL_A_RINGS_HDS_THRESH, (uint)bytes);
        }

        return Generic.Execute(writer.Finish());
    }

    /// <summary>Lists the RX queues of an interface. The interface must be up.</summary>
    public NetlinkOutcome GetQueues(uint index, List<RxQueueFacts> queues)
    {
        NetlinkOutcome outcome = FindFamily("netdev", out ushort family);
        if (!outcome.Succeeded)
        {
            return outcome;
        }

        NetlinkWriter writer = new(stackalloc byte[RequestLength], family, NLM_F_REQUEST | NLM_F_DUMP);
        writer.Append(new genlmsghdr { cmd = NETDEV_CMD_QUEUE_GET, version = NETDEV_FAMILY_VERSION });
        writer.Add(NETDEV_A_QUEUE_IFINDEX, index);
        return Generic.Query(writer.Finish(), NetlinkReplies.ReadQueue, queues);
    }

    /// <summary>Lists the RX queues of all interfaces in the namespace. Interfaces that are down are missing.</summary>
    public NetlinkOutcome GetQueues(List<QueueReply> queues)
    {
        NetlinkOutcome outcome = FindFamily("netdev", out ushort family);
        if (!outcome.Succeeded)
        {
            return outcome;
        }

        NetlinkWriter writer = new(stackalloc byte[RequestLength], family, NLM_F_REQUEST | NLM_F_DUMP);
        writer.Append(new genlmsghdr { cmd = NETDEV_CMD_QUEUE_GET, version = NETDEV_FAMILY_VERSION });
        return Generic.Query(writer.Finish(), NetlinkReplies.ReadQueueOfInterface, queues);
    }

    /// <summary>Creates an RX queue on a virtual interface and leases an RX queue of a physical interface to it.</summary>
    /// <param name="index">The index of the virtual interface in the session's namespace.</param>
    /// <param name="physicalIndex">The index of the physical interface in its own namespace.</param>
    /// <param name="physicalQueue">The RX queue of the physical interface.</param>
    /// <param name="namespaceId">
    /// The id that the session's namespace uses for the namespace of the physical interface; null when both are the same.
    /// </param>
    /// <param name="created">The index of the RX queue that was created.</param>
    public NetlinkOutcome CreateQueue(uint index, uint physicalIndex, int physicalQueue, int? namespaceId, out CreatedQueueReply? created)
    {
        created = null;
        NetlinkOutcome outcome = FindFamily("netdev", out ushort family);
        if (!outcome.Succeeded)
        {
            return outcome;
        }

        NetlinkWriter writer = new(stackalloc byte[RequestLength], family, NLM_F_REQUEST | NLM_F_ACK);
        writer.Append(new genlmsghdr { cmd = NETDEV_CMD_QUEUE_CREATE, version = NETDEV_FAMILY_VERSION });
        writer.Add(NETDEV_A_QUEUE_IFINDEX, index);
        writer.Add(NETDEV_A_QUEUE_TYPE, NETDEV_QUEUE_TYPE_RX);
        int lease = writer.BeginNested(NETDEV_A_QUEUE_LEASE);
        writer.Add(NETDEV_A_LEASE_IFINDEX, physicalIndex);
        int queue = writer.BeginNested(NETDEV_A_LEASE_QUEUE);
        writer.Add(NETDEV_A_QUEUE_ID, (uint)physicalQueue);
        writer.Add(NETDEV_A_QUEUE_TYPE, NETDEV_QUEUE_TYPE_RX);
        writer.EndNested(queue);
        if (namespaceId is { } id)
        {
            writer.Add(NETDEV_A_LEASE_NETNS_ID, (uint)id);
        }

        writer.EndNested(lease);
        return Single(Generic, writer, NetlinkReplies.ReadCreatedQueue, out created);
    }

    /// <summary>Finds the id that the session's namespace uses for another namespace.</summary>
    /// <param name="descriptor">A descriptor of the other namespace.</param>
    /// <param name="id">The id; null when none is assigned yet.</param>
    public NetlinkOutcome GetNamespaceId(int descriptor, out NamespaceIdReply? id) =>
        Single(Route, NamespaceRequest(stackalloc byte[RequestLength], RTM_GETNSID, descriptor), NetlinkReplies.ReadNamespaceId, out id);

    /// <summary>Assigns an id to another namespace. The id is valid until one of the two namespaces ends.</summary>
    public NetlinkOutcome AssignNamespaceId(int descriptor)
    {
        NetlinkWriter writer = NamespaceRequest(stackalloc byte[RequestLength], RTM_NEWNSID, descriptor);
        // This value makes the kernel choose a free id (NETNSA_NSID_NOT_ASSIGNED).
        writer.Add(NETNSA_NSID, uint.MaxValue);
        return Route.Execute(writer.Finish());
    }

    /// <summary>Finds the interface to which a NAPI instance belongs.</summary>
    public NetlinkOutcome GetNapi(uint id, out NapiReply? napi)
    {
        napi = null;
        NetlinkOutcome outcome = FindFamily("netdev", out ushort family);
        if (!outcome.Succeeded)
        {
            return outcome;
        }

        NetlinkWriter writer = new(stackalloc byte[RequestLength], family, NLM_F_REQUEST | NLM_F_ACK);
        writer.Append(new genlmsghdr { cmd = NETDEV_CMD_NAPI_GET, version = NETDEV_FAMILY_VERSION });
        writer.Add(NETDEV_A_NAPI_ID, id);
        return Single(Generic, writer, NetlinkReplies.ReadNapi, out napi);
    }

    public void Dispose()
    {
        (_routeSocket as IDisposable)?.Dispose();
        (_genericSocket as IDisposable)?.Dispose();
    }

    private static NetlinkOutcome Single<T>(NetlinkExchange exchange, NetlinkWriter writer, NetlinkParser<T> parser, out T? result)
        where T : class
    {
        List<T> results = [];
        NetlinkOutcome outcome = exchange.Query(writer.Finish(), parser, results);
        result = results.Count > 0 ? results[0] : null;
        return outcome.Succeeded && result is null ? new NetlinkOutcome(-Errno.EBADMSG) : outcome;
    }

    private static NetlinkWriter NamespaceRequest(Span<byte> buffer, ushort type, int descriptor)
    {
        NetlinkWriter writer = new(buffer, type, NLM_F_REQUEST | NLM_F_ACK);
        writer.Append(default(rtgenmsg));
        writer.Add(NETNSA_FD, (uint)descriptor);
        return writer;
    }

    private static NetlinkWriter Ethtool(Span<byte> buffer, ushort family, ushort flags, uint index, byte command, ushort headerAttribute)
    {
        NetlinkWriter writer = new(buffer, family, flags);
        writer.Append(new genlmsghdr { cmd = command, version = ETHTOOL_GENL_VERSION });
        int header = writer.BeginNested(headerAttribute);
        writer.Add(ETHTOOL_A_HEADER_DEV_INDEX, index);
        writer.EndNested(header);
        return writer;
    }

    private NetlinkOutcome AskEthtool<T>(uint index, byte command, ushort headerAttribute, NetlinkParser<T> parser, out T? result)
        where T : class
    {
        result = null;
        NetlinkOutcome outcome = FindFamily("ethtool", out ushort family);
        return outcome.Succeeded
            ? Single(Generic, Ethtool(stackalloc byte[RequestLength], family, NLM_F_REQUEST | NLM_F_ACK, index, command, headerAttribute), parser, out result)
            : outcome;
    }

    private NetlinkOutcome FindFamily(string name, out ushort family)
    {
        if (_families.TryGetValue(name, out family))
        {
            return default;
        }

        NetlinkWriter writer = new(stackalloc byte[RequestLength], GENL_ID_CTRL, NLM_F_REQUEST | NLM_F_ACK);
        writer.Append(new genlmsghdr { cmd = CTRL_CMD_GETFAMILY, version = 1 });
        writer.Add(CTRL_ATTR_FAMILY_NAME, name);
        NetlinkOutcome outcome = Single(Generic, writer, NetlinkReplies.ReadFamily, out FamilyReply? reply);
        if (reply is null)
        {
            // The kernel does not have the family. Report that as a feature that is not supported.
            return outcome.Error == -Errno.ENOENT ? new NetlinkOutcome(-Errno.EOPNOTSUPP, $"no generic netlink family {name}") : outcome;
        }

        _families[name] = family = reply.Id;
        return default;
    }
}
