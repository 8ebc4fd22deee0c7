using System.Buffers.Binary;
using Zcrx.Fuzz.Support;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Nic.Netlink;
using static Zcrx.Interop.Abi.LinuxEthtoolNetlink;
using static Zcrx.Interop.Abi.LinuxGenetlink;
using static Zcrx.Interop.Abi.LinuxNetdev;
using static Zcrx.Interop.Abi.LinuxNetlink;
using static Zcrx.Interop.Abi.LinuxRtnetlink;

namespace Zcrx.Fuzz.Targets;

/// <summary>Sends every kind of netlink request, and reads generated datagrams as the answers.</summary>
internal sealed class NetlinkTarget : IFuzzTarget
{
    private const int Questions = 10;
    private const ushort Family = 30;

    public string Name => "netlink";

    public IReadOnlyList<byte[]> Seeds { get; } =
    [
        Answer(0, Link(), Acknowledgement(0)),
        Answer(1, FamilyReply(), Acknowledgement(0), Generic(ETHTOOL_MSG_RINGS_GET_REPLY, (ETHTOOL_A_RINGS_TCP_DATA_SPLIT, [2]), (ETHTOOL_A_RINGS_HDS_THRESH, [0, 1, 0, 0])), Acknowledgement(0)),
        Answer(2, FamilyReply(), Acknowledgement(0), Generic(ETHTOOL_MSG_CHANNELS_GET_REPLY, (ETHTOOL_A_CHANNELS_COMBINED_COUNT, [4, 0, 0, 0]), (ETHTOOL_A_CHANNELS_COMBINED_MAX, [8, 0, 0, 0])), Acknowledgement(0)),
        Answer(3, FamilyReply(), Acknowledgement(0), Generic(ETHTOOL_MSG_RSS_GET_REPLY, (ETHTOOL_A_RSS_CONTEXT, [1, 0, 0, 0]), (ETHTOOL_A_RSS_INDIR, [0, 0, 0, 0, 1, 0, 0, 0])), Done()),
        Answer(4, FamilyReply(), Acknowledgement(0), Queue(), Done()),
        Answer(5, FamilyReply(), Acknowledgement(0), Queue(), Acknowledgement(-Errno.EINVAL)),
        Answer(6, FamilyReply(), Acknowledgement(0), Generic(NETDEV_CMD_QUEUE_CREATE, (NETDEV_A_QUEUE_ID, [1, 0, 0, 0])), Acknowledgement(0)),
        Answer(7, NamespaceId(), Acknowledgement(0)),
        Answer(8, FamilyReply(), Acknowledgement(0), Generic(NETDEV_CMD_NAPI_GET, (NETDEV_A_NAPI_IFINDEX, [1, 0, 0, 0])), Acknowledgement(0)),
    ];

    public void Run(byte[] input)
    {
        FuzzInput reader = new(input);
        int question = reader.Below(Questions);
        FuzzTransport transport = new(reader);
        using NetlinkSession session = new(_ => transport);
        List<RssReply> tables = [];
        List<RxQueueFacts> queues = [];
        List<QueueReply> replies = [];
        LinkReply? link = null;
        ChannelsReply? channels = null;
        RingsReply? rings = null;
        NetlinkOutcome outcome = question switch
        {
            0 => session.GetLink("eth0", out link),
            1 => session.GetRings(1, out rings),
            2 => session.GetChannels(1, out channels),
            3 => session.GetRss(1, tables),
            4 => session.GetQueues(1, queues),
            5 => session.GetQueues(replies),
            6 => session.CreateQueue(1, 2, 3, 4, out _),
            7 => session.GetNamespaceId(3, out _),
            8 => session.GetNapi(1, out _),
            _ => session.SetRings(1, true, 256),
        };
        FuzzException.Require(outcome.Error <= 0, "an error is a negative errno");
        FuzzException.Require(outcome.Succeeded || (link is null && rings is null && tables.Count + queues.Count + replies.Count == 0) || question is 0 or 1 or 2, "an error has no results");
        FuzzException.Require(link is not { Index: 0 } && link?.RxQueues is null or >= 0, "a link has an index, and no negative number of queues");
        FuzzException.Require(channels is null or { RxQueues: >= 0, MaxRxQueues: >= 0 }, "no number of channels is negative");
        FuzzException.Require(rings?.Threshold is null or >= 0, "no threshold is negative");
        FuzzException.Require(tables.All(static table => table.Context >= 0 && table.Table.All(static queue => queue >= 0)), "no queue of an RSS table is negative");
        FuzzException.Require(queues.Concat(replies.Select(static reply => reply.Queue)).All(static queue => queue.Index >= 0 && queue.Lease is not { Queue: < 0 }), "no queue is negative");
        _ = NetlinkErrors.Explain("Querying eth0", "eth0", outcome.Error, outcome.Text).Message;
    }

    /// <summary>
    /// Creates an input from a request and datagrams. Before each datagram, it contains the length and a byte that selects the sequence
    /// numbers.
    /// </summary>
    private static byte[] Answer(byte question, params byte[][] datagrams)
    {
        List<byte> bytes = [question];
        foreach (byte[] datagram in datagrams)
        {
            bytes.AddRange([(byte)datagram.Length, (byte)(datagram.Length >> 8), 1]);
            bytes.AddRange(datagram);
        }

        return [.. bytes];
    }

    private static byte[] Acknowledgement(int error)
    {
        NetlinkWriter writer = new(new byte[512], NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS);
        writer.Append(new nlmsgerr { error = error });
        writer.Add(NLMSGERR_ATTR_MSG, "a reason");
        return writer.Finish().ToArray();
    }

    private static byte[] Done()
    {
        NetlinkWriter writer = new(new byte[512], NLMSG_DONE, NLM_F_MULTI);
        writer.Append(0);
        return writer.Finish().ToArray();
    }

    private static byte[] FamilyReply()
    {
        NetlinkWriter writer = new(new byte[512], GENL_ID_CTRL, 0);
        writer.Append(new genlmsghdr { cmd = 1, version = 2 });
        writer.Add(CTRL_ATTR_FAMILY_ID, BitConverter.GetBytes(Family));
        return writer.Finish().ToArray();
    }

    private static byte[] Generic(byte command, params (ushort Type, byte[] Value)[] attributes)
    {
        NetlinkWriter writer = new(new byte[512], Family, 0);
        writer.Append(new genlmsghdr { cmd = command, version = 1 });
        foreach ((ushort type, byte[] value) in attributes)
        {
            writer.Add(type, value);
        }

        return writer.Finish().ToArray();
    }

    private static byte[] Queue()
    {
        NetlinkWriter writer = new(new byte[512], Family, NLM_F_MULTI);
        writer.Append(new genlmsghdr { cmd = NETDEV_CMD_QUEUE_GET, version = 1 });
        writer.Add(NETDEV_A_QUEUE_ID, 3u);
        writer.Add(NETDEV_A_QUEUE_IFINDEX, 1u);
        writer.Add(NETDEV_A_QUEUE_TYPE, (uint)NETDEV_QUEUE_TYPE_RX);
        int lease = writer.BeginNested(NETDEV_A_QUEUE_LEASE);
        writer.Add(NETDEV_A_LEASE_IFINDEX, 2u);
        writer.Add(NETDEV_A_LEASE_NETNS_ID, 1u);
        int queue = writer.BeginNested(NETDEV_A_LEASE_QUEUE);
        writer.Add(NETDEV_A_QUEUE_ID, 5u);
        writer.EndNested(queue);
        writer.EndNested(lease);
        return writer.Finish().ToArray();
    }

    private static byte[] Link()
    {
        NetlinkWriter writer = new(new byte[512], RTM_NEWLINK, 0);
        writer.Append(new ifinfomsg { ifi_index = 2, ifi_flags = IFF_UP | IFF_LOWER_UP });
        writer.Add(IFLA_IFNAME, "eth0");
        writer.Add(IFLA_NUM_RX_QUEUES, 8u);
        int xdp = writer.BeginNested(IFLA_XDP);
        writer.Add(IFLA_XDP_ATTACHED, (byte)1);
        writer.EndNested(xdp);
        return writer.Finish().ToArray();
    }

    private static byte[] NamespaceId()
    {
        NetlinkWriter writer = new(new byte[512], RTM_NEWNSID, 0);
        writer.Append(default(rtgenmsg));
        writer.Add(NETNSA_NSID, 7u);
        return writer.Finish().ToArray();
    }

    /// <summary>Represents a netlink socket that receives the datagrams of the input and then fails.</summary>
    private sealed class FuzzTransport(FuzzInput input) : INetlinkTransport
    {
        private uint _sequence;

        public int Send(ReadOnlySpan<byte> datagram)
        {
            _sequence = BinaryPrimitives.ReadUInt32LittleEndian(datagram[8..]);
            return datagram.Length;
        }

        public int Receive(Span<byte> buffer, out uint sender)
        {
            sender = 0;
            if (input.IsEmpty)
            {
                return -Errno.EAGAIN;
            }

            int length = input.UInt16();
            byte form = input.Byte();
            byte[] datagram = input.Bytes(length);
            // Most datagrams get the sequence number of the request, because the library skips messages with another number.
            if (form % 8 != 0)
            {
                Number(datagram);
            }

            if (form == 255)
            {
                sender = 1;
            }

            datagram.AsSpan(0, int.Min(datagram.Length, buffer.Length)).CopyTo(buffer);
            return datagram.Length;
        }

        private void Number(byte[] datagram)
        {
            for (int at = 0; at + 16 <= datagram.Length;)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(datagram.AsSpan(at + 8), _sequence);
                uint length = BinaryPrimitives.ReadUInt32LittleEndian(datagram.AsSpan(at));
                at = length is >= 16 and <= Mutator.MaxLength ? at + NetlinkMessages.Align((int)length) : datagram.Length;
            }
        }
    }
}
