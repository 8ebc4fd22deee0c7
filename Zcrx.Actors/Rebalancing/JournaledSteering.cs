using Zcrx.Interop;

namespace Zcrx.Actors.Rebalancing;

/// <summary>Steers the machine's interfaces through the process's journal, which is opened when it is first needed: a service that never steers needs no directory for it.</summary>
internal sealed class JournaledSteering(Action<string> report) : IFlowSteering
{
    private readonly Lazy<NicChangeJournal> _journal = new(() => NicChangeJournal.OfThisProcess(report: report));

    /// <summary>Undoes what processes that have died had left.</summary>
    /// <exception cref="ZcrxException">The journal's directory cannot be written.</exception>
    public void Open() => _ = _journal.Value;

    public int AddRule(string interfaceName, FlowRule rule) => _journal.Value.AddRule(interfaceName, rule);

    public bool RemoveRule(string interfaceName, int id) => _journal.Value.RemoveRule(interfaceName, id);

    public void SetRssTable(string interfaceName, IReadOnlyList<int> table) => _journal.Value.SetRssTable(interfaceName, table);

    public void SetHeaderDataSplit(string interfaceName, bool? split, int? threshold) => _journal.Value.SetHeaderDataSplit(interfaceName, split, threshold);
}
