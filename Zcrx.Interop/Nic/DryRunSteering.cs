using Zcrx.Interop.Nic;

namespace Zcrx.Interop;

/// <summary>Prints changes of network interfaces as <c>ethtool</c> commands and does not make them.</summary>
/// <remarks>Safe from any thread if <paramref name="print"/> is safe from any thread.</remarks>
/// <param name="print">Receives each command as text.</param>
public sealed class DryRunSteering(Action<string> print) : IFlowSteering, IQueueLeasing
{
    private int _lastRule;

    /// <inheritdoc/>
    public int AddRule(string interfaceName, FlowRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        print(SteeringText.AddRule(interfaceName, rule));
        return Interlocked.Increment(ref _lastRule);
    }

    /// <inheritdoc/>
    public bool RemoveRule(string interfaceName, int id)
    {
        print(SteeringText.RemoveRule(interfaceName, id));
        return true;
    }

    /// <inheritdoc/>
    public void SetRssTable(string interfaceName, IReadOnlyList<int> table)
    {
        ArgumentNullException.ThrowIfNull(table);
        print(SteeringText.SetTable(interfaceName, table));
    }

    /// <inheritdoc/>
    public void SetHeaderDataSplit(string interfaceName, bool? split, int? threshold) => print(SteeringText.SetSplit(interfaceName, new SplitSetting(split, threshold)));

    /// <inheritdoc/>
    /// <remarks>Returns 1, the lowest possible index of a leased queue. The kernel would choose the real index.</remarks>
    public int Lease(string interfaceName, int queue, ContainerInterface to)
    {
        ArgumentNullException.ThrowIfNull(to);
        foreach (string command in SteeringText.Lease(interfaceName, queue, to))
        {
            print(command);
        }

        return 1;
    }
}
