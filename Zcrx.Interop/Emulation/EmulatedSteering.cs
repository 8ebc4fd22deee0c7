using System.Net;

namespace Zcrx.Interop.Emulation;

/// <summary>Determines the RX queue of a flow. Uses the matching flow rule or, if there is none, the RSS table.</summary>
/// <remarks>Guarded by the interface's lock.</remarks>
internal sealed class EmulatedSteering
{
    public const int TableSize = 128;

    private readonly SortedDictionary<int, FlowRule> _rules = [];
    private int _lastRule;

    /// <summary>Initializes steering without rules. The RSS table spreads flows evenly over the RX queues.</summary>
    public EmulatedSteering(int rxQueues)
    {
        for (int i = 0; i < TableSize; i++)
        {
            Table[i] = i % rxQueues;
        }
    }

    /// <summary>Gets or sets the RSS table. Its elements never change; a new table replaces it.</summary>
    public int[] Table { get; set; } = new int[TableSize];

    /// <summary>Gets a copy of the rules by id.</summary>
    public IReadOnlyDictionary<int, FlowRule> Rules => new SortedDictionary<int, FlowRule>(_rules);

    /// <summary>Adds a rule. Returns its id.</summary>
    public int Add(FlowRule rule)
    {
        _rules.Add(++_lastRule, rule);
        return _lastRule;
    }

    public bool Remove(int id) => _rules.Remove(id);

    public int QueueOf(IPEndPoint local, IPEndPoint remote)
    {
        (local, remote) = (Unmapped(local), Unmapped(remote));
        FlowRule? decides = null;
        foreach (FlowRule rule in _rules.Values)
        {
            if (rule.Specificity > (decides?.Specificity ?? -1) && rule.Matches(local, remote))
            {
                decides = rule;
            }
        }

        return decides?.Queue ?? Table[RssHash.Of(remote, local) % TableSize];
    }

    private static IPEndPoint Unmapped(IPEndPoint endPoint) =>
        endPoint.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(endPoint.Address.MapToIPv4(), endPoint.Port) : endPoint;
}
