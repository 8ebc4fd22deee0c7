using System.Net.Sockets;
using System.Runtime.InteropServices;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;
using Zcrx.Interop.Nic.Netlink;

namespace Zcrx.Interop;

/// <summary>
/// Reads the state of the machine's network interfaces over netlink. Facts that netlink lacks are read by ethtool's ioctl.
/// </summary>
/// <remarks>
/// Can be used on any thread. Finds interfaces in the network namespace of the calling thread. Needs no privileges. A call usually
/// takes less than a millisecond. It fails when the kernel does not answer within seconds.
/// </remarks>
public sealed class NetlinkNicFacts : INicFacts
{
    /// <inheritdoc/>
    public NicFacts Read(string interfaceName)
    {
        ArgumentException.ThrowIfNullOrEmpty(interfaceName);
        string operation = $"Reading the interface {interfaceName}";
        using NetlinkSession session = NetlinkSession.Open();
        Require(session.GetLink(interfaceName, out LinkReply? link), operation, interfaceName);
        uint index = link!.Index;
        Optional(session.GetRings(index, out RingsReply? rings), operation, interfaceName);
        Optional(session.GetChannels(index, out ChannelsReply? channels), operation, interfaceName);
        List<RxQueueFacts> queues = [];
        Optional(session.GetQueues(index, queues), operation, interfaceName);
        (IReadOnlyList<int> table, IReadOnlyList<int> contexts) = ReadRss(session, index, interfaceName);
        (Dictionary<int, FlowRule> rules, Dictionary<int, int?> others) = ReadRules(interfaceName);
        return new NicFacts
        {
            Name = interfaceName,
            Index = index,
            IsUp = link.IsUp,
            Driver = EthtoolIoctl.Driver(interfaceName),
            HasDevice = link.HasParent,
            MaxRxQueues = channels is { MaxRxQueues: > 0 } ? channels.MaxRxQueues : link.RxQueues,
            HeaderDataSplit = rings?.Split,
            HdsThreshold = rings?.Threshold,
            HasXdp = link.HasXdp,
            RssTable = table,
            RssContexts = contexts,
            Rules = rules,
            OtherRules = others,
            Queues = queues.Count > 0 ? [.. queues.OrderBy(static queue => queue.Index)] : Unnamed(interfaceName, channels, link),
        };
    }

    /// <inheritdoc/>
    public RxQueueId? QueueOf(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        uint napi = 0;
        try
        {
            _ = socket.GetRawSocketOption(NetlinkCalls.SOL_SOCKET, NetlinkCalls.SO_INCOMING_NAPI_ID, MemoryMarshal.AsBytes(new Span<uint>(ref napi)));
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The socket was reset or closed, so no more packets arrive.
            return null;
        }

        if (napi == 0)
        {
            return null;
        }

        using NetlinkSession session = NetlinkSession.Open();
        return NapiQueue.Find(session, napi);
    }

    /// <summary>
    /// Returns an entry for each RX queue when the kernel reports only their number. This is the case while the interface is down, and on
    /// kernels before 6.8.
    /// </summary>
    private static RxQueueFacts[] Unnamed(string interfaceName, ChannelsReply? channels, LinkReply link)
    {
        int rings = EthtoolIoctl.RxRings(interfaceName);
        int count = rings > 0 ? rings : channels is { RxQueues: > 0 } ? channels.RxQueues : link.RxQueues ?? 0;
        return [.. Enumerable.Range(0, count).Select(static index => new RxQueueFacts(index, 0, RxMemoryProvider.Kernel))];
    }

    private static (IReadOnlyList<int> Table, IReadOnlyList<int> Contexts) ReadRss(NetlinkSession session, uint index, string interfaceName)
    {
        List<RssReply> tables = [];
        if (session.GetRss(index, tables).Succeeded)
        {
            return (tables.Find(static table => table.Context == 0)?.Table ?? [], [.. tables.Select(static table => table.Context).Where(static context => context != 0)]);
        }

        // Kernels before 6.2 report the RSS table by ioctl and not by netlink.
        _ = EthtoolIoctl.RssTable(interfaceName, out int[] table);
        return (table, []);
    }

    private static (Dictionary<int, FlowRule> Rules, Dictionary<int, int?> Others) ReadRules(string interfaceName)
    {
        Dictionary<int, FlowRule> rules = [];
        Dictionary<int, int?> others = [];
        List<ethtool_rx_flow_spec> specs = [];
        _ = EthtoolIoctl.Rules(interfaceName, specs);
        foreach (ethtool_rx_flow_spec spec in specs)
        {
            if (RuleSpec.Read(spec) is { } rule)
            {
                rules[(int)spec.location] = rule;
            }
            else
            {
                others[(int)spec.location] = spec.ring_cookie <= int.MaxValue ? (int)spec.ring_cookie : null;
            }
        }

        return (rules, others);
    }

    private static void Require(NetlinkOutcome outcome, string operation, string interfaceName)
    {
        if (!outcome.Succeeded)
        {
            throw NetlinkErrors.Explain(operation, interfaceName, outcome.Error, outcome.Text);
        }
    }

    /// <summary>Throws if a request has failed, except if the driver or the kernel lacks the feature.</summary>
    private static void Optional(NetlinkOutcome outcome, string operation, string interfaceName)
    {
        if (outcome.Error is not (0 or -Errno.EOPNOTSUPP))
        {
            throw NetlinkErrors.Explain(operation, interfaceName, outcome.Error, outcome.Text);
        }
    }
}
