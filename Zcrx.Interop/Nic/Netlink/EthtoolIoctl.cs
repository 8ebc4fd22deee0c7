using System.Runtime.InteropServices;
using System.Text;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;
using static Zcrx.Interop.Abi.LinuxEthtool;

namespace Zcrx.Interop.Nic.Netlink;

/// <summary>
/// Makes ethtool calls by ioctl, for flow rules, the driver's name and the RSS table. Not every kernel has netlink messages for them.
/// Methods that return a number return a negative errno on failure.
/// </summary>
internal static unsafe class EthtoolIoctl
{
    // The offset of rule_locs in struct ethtool_rxnfc. It follows rule_cnt directly, before the padding at the end of the struct.
    private const int LocationsOffset = 188;
    private const int MaxAttempts = 8;

    /// <summary>Returns the driver's name; null when it is unknown.</summary>
    public static string? Driver(string interfaceName)
    {
        ethtool_drvinfo info = new() { cmd = ETHTOOL_GDRVINFO };
        if (Call(interfaceName, &info) < 0)
        {
            return null;
        }

        ReadOnlySpan<byte> name = new(info.driver, 32);
        int end = name.IndexOf((byte)0);
        return end == 0 ? null : Encoding.UTF8.GetString(end < 0 ? name : name[..end]);
    }

    /// <summary>Returns the number of RX rings; a negative errno when the driver does not report it.</summary>
    public static int RxRings(string interfaceName)
    {
        ethtool_rxnfc request = new() { cmd = ETHTOOL_GRXRINGS };
        int result = Call(interfaceName, &request);
        return result < 0 ? result : (int)ulong.Min(request.data, int.MaxValue);
    }

    /// <summary>Reads all flow rules of an interface.</summary>
    public static int Rules(string interfaceName, List<ethtool_rx_flow_spec> rules)
    {
        int result = 0;
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            rules.Clear();
            ethtool_rxnfc count = new() { cmd = ETHTOOL_GRXCLSRLCNT };
            result = Call(interfaceName, &count);
            if (result < 0 || count.rule_cnt == 0)
            {
                return result;
            }

            result = Rules(interfaceName, count.rule_cnt, rules);
            if (result is not (-Errno.EMSGSIZE or -Errno.ENOENT))
            {
                return result;
            }

            // Retry, because rules were added or removed after they were counted.
        }

        return result;
    }

    /// <summary>Adds a flow rule. Returns its location or a negative errno.</summary>
    public static int Insert(string interfaceName, ethtool_rx_flow_spec rule)
    {
        ethtool_rxnfc count = new() { cmd = ETHTOOL_GRXCLSRLCNT };
        int result = Call(interfaceName, &count);
        if (result < 0)
        {
            return result;
        }

        if ((count.data & RX_CLS_LOC_SPECIAL) != 0)
        {
            rule.location = RX_CLS_LOC_ANY;
        }
        else
        {
            List<ethtool_rx_flow_spec> rules = [];
            result = Rules(interfaceName, rules);
            if (result < 0)
            {
                return result;
            }

            if (RuleLocation.Choose((uint)ulong.Min(count.data, int.MaxValue), [.. rules.Select(static other => other.location)]) is not { } free)
            {
                return -Errno.ENOSPC;
            }

            rule.location = free;
        }

        ethtool_rxnfc request = new() { cmd = ETHTOOL_SRXCLSRLINS, fs = rule };
        result = Call(interfaceName, &request);
        return result < 0 ? result : (int)request.fs.location;
    }

    public static int Delete(string interfaceName, uint location)
    {
        ethtool_rxnfc request = new() { cmd = ETHTOOL_SRXCLSRLDEL };
        request.fs.location = location;
        return Call(interfaceName, &request);
    }

    /// <summary>Reads the RSS table. Returns a negative errno if the interface has none.</summary>
    public static int RssTable(string interfaceName, out int[] table)
    {
        table = [];
        ethtool_rxfh_indir size = new() { cmd = ETHTOOL_GRXFHINDIR };
        int result = Call(interfaceName, &size);
        if (result < 0 || size.size is 0 or > 1 << 20)
        {
            return result;
        }

        uint[] request = new uint[2 + size.size];
        request[0] = ETHTOOL_GRXFHINDIR;
        request[1] = size.size;
        fixed (uint* start = request)
        {
            result = Call(interfaceName, start);
        }

        table = result < 0 ? [] : [.. request.Skip(2).Select(static queue => (int)uint.Min(queue, int.MaxValue))];
        return result;
    }

    /// <summary>Replaces the RSS table. An empty table sets the driver's default.</summary>
    public static int SetRssTable(string interfaceName, IReadOnlyList<int> table)
    {
        uint[] request = [ETHTOOL_SRXFHINDIR, (uint)table.Count, .. table.Select(static queue => (uint)queue)];
        fixed (uint* start = request)
        {
            return Call(interfaceName, start);
        }
    }

    private static int Rules(string interfaceName, uint count, List<ethtool_rx_flow_spec> rules)
    {
        int length = LocationsOffset + (checked((int)count) * sizeof(uint));
        byte[] memory = new byte[int.Max(length, sizeof(ethtool_rxnfc))];
        fixed (byte* start = memory)
        {
            ethtool_rxnfc* request = (ethtool_rxnfc*)start;
            request->cmd = ETHTOOL_GRXCLSRLALL;
            request->rule_cnt = count;
            int result = Call(interfaceName, request);
            if (result < 0)
            {
                return result;
            }

            foreach (uint location in MemoryMarshal.Cast<byte, uint>(memory.AsSpan(LocationsOffset))[..(int)uint.Min(count, request->rule_cnt)])
            {
                ethtool_rxnfc one = new() { cmd = ETHTOOL_GRXCLSRULE };
                one.fs.location = location;
                result = Call(interfaceName, &one);
                if (result < 0)
                {
                    return result;
                }

                rules.Add(one.fs);
            }
        }

        return 0;
    }

    private static int Call(string interfaceName, void* command)
    {
        ifreq request = new() { ifr_data = command };
        Span<byte> name = new(request.ifr_name, 16);
        // One byte is reserved for the terminating zero.
        if (Encoding.UTF8.GetByteCount(interfaceName) >= name.Length)
        {
            return -Errno.ENODEV;
        }

        Encoding.UTF8.GetBytes(interfaceName, name);
        int fd = NetlinkCalls.Socket(NetlinkCalls.AF_INET, NetlinkCalls.SOCK_DGRAM, 0);
        if (fd < 0)
        {
            return fd;
        }

        int result = NetlinkCalls.Control(fd, SIOCETHTOOL, &request);
        _ = Libc.Close(fd);
        return result;
    }
}
