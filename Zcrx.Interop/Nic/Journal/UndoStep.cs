namespace Zcrx.Interop.Nic.Journal;

/// <summary>Represents the step that undoes an entry.</summary>
/// <param name="Apply">The change; null for none.</param>
/// <param name="Text">The line that reports it; null for none.</param>
internal sealed record UndoStep(Action<IFlowSteering>? Apply, string? Text)
{
    /// <summary>Gets a value indicating whether the entry stays in the journal, for another attempt or the next process.</summary>
    public bool IsPostponed { get; init; }

    /// <summary>Decides how to undo an entry, from the present state of the interface. Pure.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="facts">The present state of the interface; null when it is gone.</param>
    public static UndoStep Plan(JournalEntry entry, NicFacts? facts)
    {
        string name = entry.Interface;
        if (facts is null || facts.Index != entry.Index)
        {
            // What was set went with the interface.
            return new UndoStep(null, null);
        }

        return entry.Kind switch
        {
            JournalEntryKind.Split => PlanSplit(entry, facts),
            JournalEntryKind.RssTable => PlanTable(entry, facts),
            JournalEntryKind.RuleAdded => PlanAdded(entry, facts),
            JournalEntryKind.QueueLeased => PlanLease(entry, facts),
            _ when facts.Rules.Values.Contains(entry.Rule!.ToRule()) => new UndoStep(null, null),
            _ => new UndoStep(steering => steering.AddRule(name, entry.Rule!.ToRule()), $"{name}: the flow rule that was removed is back ({SteeringText.Of(entry.Rule!.ToRule())})"),
        };
    }

    private static UndoStep PlanSplit(JournalEntry entry, NicFacts facts)
    {
        SplitSetting before = entry.SplitBefore!;
        if (SplitSetting.Of(facts) == before)
        {
            return new UndoStep(null, null);
        }

        return entry.IsOurs(facts)
            ? new UndoStep(steering => steering.SetHeaderDataSplit(facts.Name, before.Split, before.Threshold), $"{facts.Name}: header/data split is as it was ({SteeringText.Of(before)})")
            : new UndoStep(null, $"{facts.Name}: header/data split was changed by somebody else ({SteeringText.Of(SplitSetting.Of(facts))}), and is left alone");
    }

    private static UndoStep PlanTable(JournalEntry entry, NicFacts facts)
    {
        IReadOnlyList<int> before = entry.TableBefore!;
        if (before.SequenceEqual(facts.RssTable))
        {
            return new UndoStep(null, null);
        }

        if (entry.IsOurs(facts) && LeasedQueues.HeldOf(facts, before) is { } held)
        {
            return new UndoStep(null, $"{facts.Name}: the RSS table stays, because a container still receives on the leased RX queue {held}") { IsPostponed = true };
        }

        return entry.IsOurs(facts)
            ? new UndoStep(steering => steering.SetRssTable(facts.Name, before), $"{facts.Name}: the RSS table is as it was ({SteeringText.Of(before)})")
            : new UndoStep(null, $"{facts.Name}: the RSS table was changed by somebody else ({SteeringText.Of(facts.RssTable)}), and is left alone");
    }

    private static UndoStep PlanLease(JournalEntry entry, NicFacts facts) => facts.Queues.Any(queue => queue.Index == entry.Queue && queue.Lease is not null)
        ? new UndoStep(
            null,
            $"{facts.Name}: RX queue {entry.Queue} stays leased to {entry.LeasedTo}: the kernel has no command that ends a lease; it ends when that interface is deleted "
            + $"(`nsenter --net={entry.LeasedTo!.NamespacePath} ip link delete {entry.LeasedTo.Interface}`)")
        : new UndoStep(null, null);

    private static UndoStep PlanAdded(JournalEntry entry, NicFacts facts)
    {
        FlowRule rule = entry.Rule!.ToRule();
        int[] candidates = entry.RuleId is { } id
            ? facts.Rules.TryGetValue(id, out FlowRule? there) && there == rule ? [id] : []
            : [.. facts.Rules.Where(pair => pair.Value == rule && !entry.EqualRules.Contains(pair.Key)).Select(static pair => pair.Key)];
        return candidates switch
        {
            // It was removed, or never added.
            [] => new UndoStep(null, null),
            [var one] => new UndoStep(steering => steering.RemoveRule(facts.Name, one), $"{facts.Name}: flow rule {one} is removed ({SteeringText.Of(rule)})"),
            _ => new UndoStep(null, $"{facts.Name}: there are {candidates.Length} rules like ours ({SteeringText.Of(rule)}), and which one is cannot be told; all are left alone"),
        };
    }
}
