namespace Zcrx.Interop.Nic.Journal;

/// <summary>
/// Represents one change of an interface, with the value before the change and the values that this process may have set.
/// </summary>
/// <remarks>
/// An entry is stored before the change, when the result is unknown. It therefore contains all values that this process may have set. After
/// a crash, the interface has one of these values or the value before the change.
/// </remarks>
internal sealed record JournalEntry
{
    public required JournalEntryKind Kind { get; init; }

    public required string Interface { get; init; }

    /// <summary>
    /// Gets the interface's index. An interface that is created again under the same name has another index and none of the changes.
    /// </summary>
    public required uint Index { get; init; }

    public SplitSetting? SplitBefore { get; init; }

    public IReadOnlyList<SplitSetting> SplitsSet { get; init; } = [];

    public IReadOnlyList<int>? TableBefore { get; init; }

    public IReadOnlyList<IReadOnlyList<int>> TablesSet { get; init; } = [];

    public JournalRule? Rule { get; init; }

    /// <summary>Gets the id of an added rule; null until it is known.</summary>
    public int? RuleId { get; init; }

    /// <summary>Gets the ids of equal rules that existed before the change. Undoing the change must not remove them.</summary>
    public IReadOnlyList<int> EqualRules { get; init; } = [];

    /// <summary>Gets the RX queue that was leased.</summary>
    public int? Queue { get; init; }

    /// <summary>Gets the interface that the queue was leased to.</summary>
    public ContainerInterface? LeasedTo { get; init; }

    /// <summary>Returns why the entry cannot be undone; null when it can.</summary>
    public string? WhyInvalid()
    {
        if (string.IsNullOrEmpty(Interface))
        {
            return "an entry names no interface";
        }

        if (SplitsSet is null || SplitsSet.Contains(null!) || TablesSet is null || TablesSet.Contains(null!) || EqualRules is null)
        {
            return $"the entry of {Interface} has a list that is null or contains null";
        }

        return Kind switch
        {
            JournalEntryKind.Split => SplitBefore is null ? $"the entry of {Interface} has no header/data split to restore" : null,
            JournalEntryKind.RssTable => TableBefore is null ? $"the entry of {Interface} has no RSS table to restore" : null,
            JournalEntryKind.RuleAdded or JournalEntryKind.RuleRemoved => Rule is null ? $"the entry of {Interface} has no flow rule" : Rule.WhyInvalid(),
            JournalEntryKind.QueueLeased => Queue is null || LeasedTo is not { Container.Length: > 0, Interface.Length: > 0 } ? $"the entry of {Interface} names no lease" : null,
            _ => $"the entry of {Interface} has the unknown kind {(int)Kind}",
        };
    }

    /// <summary>Determines whether the current value on the interface is one that this process may have set.</summary>
    public bool IsOurs(NicFacts facts) => Kind switch
    {
        JournalEntryKind.Split => SplitsSet.Contains(SplitSetting.Of(facts)),
        JournalEntryKind.RssTable => TablesSet.Any(table => table.SequenceEqual(facts.RssTable)),
        _ => false,
    };
}
