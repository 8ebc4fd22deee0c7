namespace Zcrx.Interop.Nic.Journal;

/// <summary>One thing that differs from how it was: what it was before, and what we may have made of it.</summary>
/// <remarks>
/// Written before the change, when it is not known yet whether it will come to it; that is why there can be several values that are ours:
/// after a crash the interface has one of them, or its state from before.
/// </remarks>
internal sealed record JournalEntry
{
    public required JournalEntryKind Kind { get; init; }

    public required string Interface { get; init; }

    /// <summary>An interface that came back under the same name has another index, and nothing of what was done to the first.</summary>
    public required uint Index { get; init; }

    public SplitSetting? SplitBefore { get; init; }

    public IReadOnlyList<SplitSetting> SplitsSet { get; init; } = [];

    public IReadOnlyList<int>? TableBefore { get; init; }

    public IReadOnlyList<IReadOnlyList<int>> TablesSet { get; init; } = [];

    public JournalRule? Rule { get; init; }

    /// <summary>The rule's id, once it is known.</summary>
    public int? RuleId { get; init; }

    /// <summary>Ids of equal rules that were there before: not ours.</summary>
    public IReadOnlyList<int> EqualRules { get; init; } = [];

    /// <summary>The RX queue that was leased.</summary>
    public int? Queue { get; init; }

    /// <summary>The interface that it was leased to.</summary>
    public ContainerInterface? LeasedTo { get; init; }

    /// <summary>Determines whether the interface has the state that this process gave it, or may have given it.</summary>
    public bool IsOurs(NicFacts facts) => Kind switch
    {
        JournalEntryKind.Split => SplitsSet.Contains(SplitSetting.Of(facts)),
        JournalEntryKind.RssTable => TablesSet.Any(table => table.SequenceEqual(facts.RssTable)),
        _ => false,
    };
}
