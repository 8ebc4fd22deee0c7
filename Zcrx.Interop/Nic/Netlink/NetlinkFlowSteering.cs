using Zcrx.Interop.Abi;
using Zcrx.Interop.Nic.Netlink;

namespace Zcrx.Interop;

/// <summary>
/// Changes the flow rules, the RSS table and the header/data split of the machine's network interfaces. Needs CAP_NET_ADMIN.
/// </summary>
/// <remarks>
/// Can be used on any thread. Finds interfaces in the network namespace of the calling thread. Changes outlive the process, so the caller
/// must record the previous state.
/// </remarks>
public sealed class NetlinkFlowSteering : IFlowSteering
{
    /// <inheritdoc/>
    public int AddRule(string interfaceName, FlowRule rule)
    {
        ArgumentException.ThrowIfNullOrEmpty(interfaceName);
        ArgumentNullException.ThrowIfNull(rule);
        int result = EthtoolIoctl.Insert(interfaceName, RuleSpec.Write(rule));
        return result >= 0 ? result : throw NetlinkErrors.Explain($"Adding a flow rule on {interfaceName}", interfaceName, result, null);
    }

    /// <inheritdoc/>
    public bool RemoveRule(string interfaceName, int id)
    {
        ArgumentException.ThrowIfNullOrEmpty(interfaceName);
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        int result = EthtoolIoctl.Delete(interfaceName, (uint)id);
        if (result >= 0)
        {
            return true;
        }

        // Drivers return ENOENT or EINVAL for a rule that does not exist.
        return result is -Errno.ENOENT or -Errno.EINVAL && !HasRule(interfaceName, id)
            ? false
            : throw NetlinkErrors.Explain($"Removing flow rule {id} of {interfaceName}", interfaceName, result, null);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// If the table spreads flows evenly over all queues, the interface is reset to the default of the driver, which also spreads them
    /// evenly. The driver then adapts the table when the number of channels changes.
    /// </remarks>
    public void SetRssTable(string interfaceName, IReadOnlyList<int> table)
    {
        ArgumentException.ThrowIfNullOrEmpty(interfaceName);
        ArgumentNullException.ThrowIfNull(table);
        string operation = $"Replacing the RSS table of {interfaceName}";
        int result = EthtoolIoctl.RssTable(interfaceName, out int[] now);
        if (result >= 0 && now.Length != table.Count)
        {
            throw new ZcrxDeviceException(operation, Errno.EINVAL, $"its table has {now.Length} entries, not {table.Count}", "Read it first, and change a copy");
        }

        int queues = EthtoolIoctl.RxRings(interfaceName);
        bool isDefault = queues > 0 && table.Select((queue, bucket) => queue == bucket % queues).All(static same => same);
        result = result < 0 ? result : EthtoolIoctl.SetRssTable(interfaceName, isDefault ? [] : table);
        if (result < 0)
        {
            throw NetlinkErrors.Explain(operation, interfaceName, result, null);
        }
    }

    /// <inheritdoc/>
    public void SetHeaderDataSplit(string interfaceName, bool? split, int? threshold)
    {
        ArgumentException.ThrowIfNullOrEmpty(interfaceName);
        ArgumentOutOfRangeException.ThrowIfNegative(threshold ?? 0, nameof(threshold));
        string operation = $"Setting header/data split of {interfaceName}";
        using NetlinkSession session = NetlinkSession.Open();
        NetlinkOutcome outcome = session.GetLink(interfaceName, out LinkReply? link);
        outcome = outcome.Succeeded ? session.SetRings(link!.Index, split, threshold) : outcome;
        if (!outcome.Succeeded)
        {
            throw NetlinkErrors.Explain(operation, interfaceName, outcome.Error, outcome.Text);
        }
    }

    private static bool HasRule(string interfaceName, int id)
    {
        List<ethtool_rx_flow_spec> rules = [];
        return EthtoolIoctl.Rules(interfaceName, rules) < 0 || rules.Exists(rule => rule.location == (uint)id);
    }
}
