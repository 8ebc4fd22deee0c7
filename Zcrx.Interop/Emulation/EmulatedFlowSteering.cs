using Zcrx.Interop.Abi;

namespace Zcrx.Interop;

/// <summary>Changes the flow rules, the RSS table and the header/data split of emulated network interfaces.</summary>
/// <remarks>Can be used on any thread.</remarks>
/// <param name="nics">The interfaces, as in <see cref="EmulatedKernelOptions.Nics"/>.</param>
public sealed class EmulatedFlowSteering(IReadOnlyList<EmulatedNic> nics) : IFlowSteering
{
    /// <inheritdoc/>
    public int AddRule(string interfaceName, FlowRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        string operation = $"Adding a flow rule on {interfaceName}";
        EmulatedNic nic = EmulatedNicFacts.Find(nics, interfaceName, operation);
        return rule.Queue >= 0 && rule.Queue < nic.RxQueues
            ? nic.AddRule(rule)
            : throw new ZcrxDeviceException(operation, Errno.EINVAL, $"the interface has no RX queue {rule.Queue}", $"{interfaceName} has the RX queues 0 to {nic.RxQueues - 1}");
    }

    /// <inheritdoc/>
    public bool RemoveRule(string interfaceName, int id) =>
        EmulatedNicFacts.Find(nics, interfaceName, $"Removing a flow rule of {interfaceName}").RemoveRule(id);

    /// <inheritdoc/>
    public void SetRssTable(string interfaceName, IReadOnlyList<int> table)
    {
        ArgumentNullException.ThrowIfNull(table);
        string operation = $"Replacing the RSS table of {interfaceName}";
        EmulatedNic nic = EmulatedNicFacts.Find(nics, interfaceName, operation);
        try
        {
            nic.RssTable = table;
        }
        catch (ArgumentException exception)
        {
            throw new ZcrxDeviceException(operation, Errno.EINVAL, "the table has another size, or names a queue that does not exist", $"Give {nic.RssTable.Count} entries between 0 and {nic.RxQueues - 1}", exception);
        }
    }

    /// <inheritdoc/>
    public void SetHeaderDataSplit(string interfaceName, bool? split, int? threshold)
    {
        string operation = $"Setting header/data split of {interfaceName}";
        EmulatedNic nic = EmulatedNicFacts.Find(nics, interfaceName, operation);
        try
        {
            nic.SetHeaderDataSplit(split ?? nic.Options.HeaderDataSplit, threshold ?? nic.HdsThreshold);
        }
        catch (InvalidOperationException exception)
        {
            throw new ZcrxDeviceException(operation, Errno.EBUSY, "an interface queue on it needs the split", "Close it first", exception);
        }
        catch (ArgumentOutOfRangeException exception)
        {
            throw new ZcrxDeviceException(operation, Errno.EINVAL, $"the threshold is {threshold}", "Give 0 or more bytes", exception);
        }
    }
}
