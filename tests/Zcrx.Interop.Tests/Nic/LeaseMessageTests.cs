using Zcrx.Interop.Abi;
using Zcrx.Interop.Nic.Leasing;
using Zcrx.Interop.Nic.Netlink;
using static Zcrx.Interop.Abi.LinuxNetdev;
using static Zcrx.Interop.Abi.LinuxNetlink;
using static Zcrx.Interop.Abi.LinuxRtnetlink;
using static Zcrx.Interop.Tests.Nic.ScriptedTransport;

namespace Zcrx.Interop.Tests.Nic;

/// <summary>Tests the netlink messages about leased queues. Covers the requests and the kernel's answers.</summary>
public class LeaseMessageTests
{
    private const ushort Family = 40;
    private const uint Nkc = 4;
    private const uint Nic = 2;

    [Theory]
    [InlineData(0, ", namespace 0)")]
    [InlineData(null, ")")]
    public void A_lease_request_names_both_queues_and_the_namespace_of_the_NIC(int? namespaceId, string end)
    {
        ScriptedTransport transport = Kernel();
        using NetlinkSession session = new(_ => transport);
        Assert.True(session.CreateQueue(Nkc, Nic, 3, namespaceId, out CreatedQueueReply? created).Succeeded);

        Assert.Equal(1, created!.Queue);
        NetlinkMessages messages = new(transport.Requests[^1]);
        Assert.True(messages.TryRead(out NetlinkMessage message));
        Assert.Equal((Family, (ushort)(NLM_F_REQUEST | NLM_F_ACK)), (message.Type, message.Flags));
        Assert.True(message.TryRead(out genlmsghdr header, out NetlinkAttributes attributes));
        Assert.Equal(NETDEV_CMD_QUEUE_CREATE, header.cmd);
        Assert.Equal("ifindex 4, type 0, lease (ifindex 2, queue (id 3, type 0)" + end, Describe(attributes));
    }

    [Fact]
    public void Refused_lease_reports_the_kernels_message_and_a_fix()
    {
        ScriptedTransport transport = Kernel(refusal: (-Errno.EINVAL, "netkit maximum queue limit reached"));
        using NetlinkSession session = new(_ => transport);
        NetlinkOutcome outcome = session.CreateQueue(Nkc, Nic, 3, 0, out _);
        ZcrxException full = LeasingErrors.Explain("Leasing RX queue 3 of eth0 to nkc in web", "eth0", new ContainerInterface("web", "nkc"), outcome);
        Assert.IsType<ZcrxDeviceException>(full);
        Assert.Contains("the kernel reports: netkit maximum queue limit reached", full.Message, StringComparison.Ordinal);
        Assert.Contains("numrxqueues", full.Fix, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Errno.EOPNOTSUPP, typeof(ZcrxUnsupportedException), "Linux 7.1")]
    [InlineData(Errno.EBUSY, typeof(ZcrxQueueBusyException), "choose another queue")]
    [InlineData(Errno.ENODEV, typeof(ZcrxDeviceException), "nsenter --net=/run/netns/web ip link")]
    [InlineData(Errno.EPERM, typeof(ZcrxNotPermittedException), "CAP_NET_ADMIN")]
    public void Each_refusal_of_a_lease_has_its_exception_and_a_fix(int errno, Type type, string fix)
    {
        ZcrxException refused = LeasingErrors.Explain("Leasing", "eth0", new ContainerInterface("web", "nkc"), new NetlinkOutcome(-errno));
        Assert.IsType(type, refused);
        Assert.Contains(fix, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0u, 0)]
    [InlineData(7u, 7)]
    [InlineData(uint.MaxValue, null)]
    public void The_id_of_a_namespace_is_read_and_may_be_missing(uint sent, int? expected)
    {
        ScriptedTransport transport = Kernel(namespaceId: sent);
        using NetlinkSession session = new(_ => transport);
        Assert.True(session.GetNamespaceId(9, out NamespaceIdReply? id).Succeeded);
        Assert.Equal(expected, id!.Id);
        Assert.True(session.AssignNamespaceId(9).Succeeded);
    }

    [Fact]
    public void Leased_physical_queue_is_read_with_its_lease_and_its_memory_provider()
    {
        List<QueueReply> queues = Read(Queue(Nic, 0, 8197), Queue(Nic, 1, 8198, new RxQueueLease(Nkc, 1, 5)), Queue(Nic, 2, 8199, new RxQueueLease(7, 2, null), isBound: true));
        Assert.Equal(
            [
                new RxQueueFacts(0, 8197, RxMemoryProvider.Kernel),
                new RxQueueFacts(1, 8198, RxMemoryProvider.Leased) { Lease = new RxQueueLease(Nkc, 1, 5) },
                new RxQueueFacts(2, 8199, RxMemoryProvider.IoUring) { Lease = new RxQueueLease(7, 2, null) },
            ],
            queues.Select(queue => queue.Queue));
        Assert.Equal("queue 1 of the interface with index 4 in network namespace 5", queues[1].Queue.Lease!.ToString());
        Assert.Equal("queue 2 of the interface with index 7 in this network namespace", queues[2].Queue.Lease!.ToString());
    }

    [Theory]
    // The NIC is in this network namespace, and this queue is not leased.
    [InlineData(true, 8197u, "eth0:0")]
    // The NIC's queue is leased to a virtual interface of this network namespace. Only the virtual queue can be registered.
    [InlineData(true, 8198u, "nkc:1")]
    // The queue is leased to an interface of another network namespace.
    [InlineData(true, 8199u, "eth0:2")]
    // In a container, a leased queue reports the NAPI instance of the NIC, which is in another network namespace.
    [InlineData(false, 8198u, "nkc:1")]
    [InlineData(false, 9000u, null)]
    public void The_queue_of_a_NAPI_instance_is_the_one_on_which_the_process_can_register(bool isNicHere, uint napi, string? expected)
    {
        ScriptedTransport transport = isNicHere
            ? Kernel(napi: Nic, queues: [Queue(Nic, 0, 8197), Queue(Nic, 1, 8198, new RxQueueLease(Nkc, 1, null)), Queue(Nic, 2, 8199, new RxQueueLease(Nkc, 2, 5))])
            : Kernel(queues: [Queue(Nkc, 0, 0), Queue(Nkc, 1, 8198)]);
        using NetlinkSession session = new(_ => transport);
        Assert.Equal(expected, NapiQueue.Find(session, napi)?.ToString());
    }

    private static List<QueueReply> Read(params byte[][] queues)
    {
        ScriptedTransport transport = Kernel(queues: queues);
        using NetlinkSession session = new(_ => transport);
        List<QueueReply> read = [];
        Assert.True(session.GetQueues(read).Succeeded);
        return read;
    }

    private static byte[] Queue(uint index, uint id, uint napi, RxQueueLease? lease = null, bool isBound = false)
    {
        NetlinkWriter writer = new(new byte[256], Family, NLM_F_MULTI);
        writer.Append(new genlmsghdr { cmd = NETDEV_CMD_QUEUE_GET, version = 1 });
        writer.Add(NETDEV_A_QUEUE_ID, id);
        writer.Add(NETDEV_A_QUEUE_TYPE, NETDEV_QUEUE_TYPE_RX);
        writer.Add(NETDEV_A_QUEUE_IFINDEX, index);
        if (napi != 0)
        {
            writer.Add(NETDEV_A_QUEUE_NAPI_ID, napi);
        }

        if (lease is not null)
        {
            int nested = writer.BeginNested(NETDEV_A_QUEUE_LEASE);
            int queue = writer.BeginNested(NETDEV_A_LEASE_QUEUE);
            writer.Add(NETDEV_A_QUEUE_ID, (uint)lease.Queue);
            writer.Add(NETDEV_A_QUEUE_TYPE, NETDEV_QUEUE_TYPE_RX);
            writer.EndNested(queue);
            writer.Add(NETDEV_A_LEASE_IFINDEX, lease.InterfaceIndex);
            if (lease.NamespaceId is { } id2)
            {
                writer.Add(NETDEV_A_LEASE_NETNS_ID, (uint)id2);
            }

            writer.EndNested(nested);
        }

        if (isBound)
        {
            writer.EndNested(writer.BeginNested(NETDEV_A_QUEUE_IO_URING));
        }

        return writer.Finish().ToArray();
    }

    /// <summary>Creates a kernel that has the netlink family netdev and answers with the given values.</summary>
    private static ScriptedTransport Kernel(byte[][]? queues = null, uint? napi = null, uint namespaceId = 0, (int Error, string Text)? refusal = null) => new(request =>
    {
        NetlinkMessages messages = new(request);
        Assert.True(messages.TryRead(out NetlinkMessage message));
        uint sequence = message.Sequence;
        byte command = message.Payload[0];
        return message.Type switch
        {
            LinuxGenetlink.GENL_ID_CTRL => [WithSequence(FamilyReply(), sequence), Error(request, 0)],
            RTM_GETNSID => [WithSequence(NamespaceReply(namespaceId), sequence), Error(request, 0)],
            RTM_NEWNSID => [Error(request, 0)],
            RTM_GETLINK => [WithSequence(LinkReply(BitConverter.ToUInt32(message.Payload[4..8])), sequence), Error(request, 0)],
            _ when command == NETDEV_CMD_NAPI_GET && napi is null => [Error(request, -Errno.ENOENT)],
            _ when command == NETDEV_CMD_NAPI_GET => [WithSequence(Simple(NETDEV_CMD_NAPI_GET, NETDEV_A_NAPI_IFINDEX, napi!.Value), sequence), Error(request, 0)],
            _ when command == NETDEV_CMD_QUEUE_CREATE && refusal is { } no => [Error(request, no.Error, no.Text)],
            _ when command == NETDEV_CMD_QUEUE_CREATE => [WithSequence(Simple(NETDEV_CMD_QUEUE_CREATE, NETDEV_A_QUEUE_ID, 1), sequence), Error(request, 0)],
            _ => [.. (queues ?? []).Select(queue => WithSequence(queue, sequence)), Message(NLMSG_DONE, NLM_F_MULTI, sequence, 0, 0, 0, 0)],
        };
    });

    private static byte[] Simple(byte command, ushort attribute, uint value)
    {
        NetlinkWriter writer = new(new byte[64], Family, 0);
        writer.Append(new genlmsghdr { cmd = command, version = 1 });
        writer.Add(attribute, value);
        return writer.Finish().ToArray();
    }

    private static byte[] FamilyReply()
    {
        NetlinkWriter writer = new(new byte[64], LinuxGenetlink.GENL_ID_CTRL, 0);
        writer.Append(new genlmsghdr { cmd = 1, version = 1 });
        writer.Add(LinuxGenetlink.CTRL_ATTR_FAMILY_ID, BitConverter.GetBytes(Family));
        return writer.Finish().ToArray();
    }

    private static byte[] NamespaceReply(uint id)
    {
        NetlinkWriter writer = new(new byte[64], RTM_NEWNSID, 0);
        writer.Append(default(rtgenmsg));
        writer.Add(NETNSA_NSID, id);
        return writer.Finish().ToArray();
    }

    private static byte[] LinkReply(uint index)
    {
        NetlinkWriter writer = new(new byte[64], RTM_NEWLINK, 0);
        writer.Append(new ifinfomsg { ifi_index = (int)index });
        writer.Add(IFLA_IFNAME, index == Nic ? "eth0" : "nkc");
        return writer.Finish().ToArray();
    }

    private static string Describe(NetlinkAttributes attributes)
    {
        List<string> parts = [];
        while (attributes.TryRead(out NetlinkAttribute attribute))
        {
            parts.Add(attribute.Type switch
            {
                NETDEV_A_QUEUE_IFINDEX => $"ifindex {attribute.AsUInt32}",
                NETDEV_A_QUEUE_TYPE => $"type {attribute.AsUInt32}",
                NETDEV_A_QUEUE_LEASE => $"lease ({DescribeLease(attribute.Nested)})",
                _ => $"? {attribute.Type}",
            });
        }

        return string.Join(", ", parts);
    }

    private static string DescribeLease(NetlinkAttributes attributes)
    {
        List<string> parts = [];
        while (attributes.TryRead(out NetlinkAttribute attribute))
        {
            parts.Add(attribute.Type switch
            {
                NETDEV_A_LEASE_IFINDEX => $"ifindex {attribute.AsUInt32}",
                NETDEV_A_LEASE_NETNS_ID => $"namespace {attribute.AsUInt32}",
                NETDEV_A_LEASE_QUEUE => $"queue ({DescribeQueue(attribute.Nested)})",
                _ => $"? {attribute.Type}",
            });
        }

        return string.Join(", ", parts);
    }

    private static string DescribeQueue(NetlinkAttributes attributes)
    {
        List<string> parts = [];
        while (attributes.TryRead(out NetlinkAttribute attribute))
        {
            parts.Add(attribute.Type switch
            {
                NETDEV_A_QUEUE_ID => $"id {attribute.AsUInt32}",
                NETDEV_A_QUEUE_TYPE => $"type {attribute.AsUInt32}",
                _ => $"? {attribute.Type}",
            });
        }

        return string.Join(", ", parts);
    }
}
