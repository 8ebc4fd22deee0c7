namespace Zcrx.Interop.Nic.Journal;

/// <summary>Represents the step that undoes a recorded change.</summary>
/// <param name="Apply">Makes the change; null when nothing has to change.</param>
/// <param name="Text">The line that reports the step; null when nothing is reported.</param>
internal sealed record UndoStep(Action<IFlowSteering>? Apply, string? Text)
{
    /// <summary>Gets a value indicating whether the entry stays in the journal for a retry or the next process.</summary>
    public bool IsPostponed { get; init; }

    /// <summary>Decides how to undo an entry, from the current state of the interface. Pure.</summary>
    /// <param name="entry">The journal entry of the change.</param>
    /// <param name="facts">The current state of the interface; null when it was removed.</param>
    public static UndoStep Plan(JournalEntry entry, NicFacts? facts)
    {
        string name = entry.Interface;
        if (facts is null || facts.Index != entry.Index)
        {
            // The interface was removed, and its settings are gone.
            return new UndoStep(null, null);
        }

        return entry.Kind switch
        {
            JournalEntryKind.Split => PlanSplit(entry, facts),
            JournalEntryKind.RssTable => PlanTable(entry, facts),
            JournalEntryKind.RuleAdded => PlanAdded(entry, facts),
            JournalEntryKind.QueueLeased => PlanLease(entry, facts),
            _ when facts.Rules.Values.Contains(entry.Rule!.ToRule()) => new UndoStep(null, null),
            _ => new UndoStep(steering => steering.AddRule(name, entry.Rule!.ToRule()), $"{name}: restored the removed flow rule ({SteeringText.Of(entry.Rule!.ToRule())})"),
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
            ? new UndoStep(steering => steering.SetHeaderDataSplit(facts.Name, before.Split, before.Threshold), $"{facts.Name}: restored header/data split ({SteeringText.Of(before)})")
            : new UndoStep(null, $"{facts.Name}: header/data split was changed by another program ({SteeringText.Of(SplitSetting.Of(facts))}), and is not changed");
    }

    private static UndoStep PlanTable(JournalEntry entry, NicFacts facts)
    {
        IReadOnlyList<int> before = entry.TableBefore!;
        if (before.SequenceEqual(facts.RssTable))
        {
            return new UndoStep(null, null);
        }

        if (entry.IsOurs(facts) && LeasedQueues.FirstReferenced(facts, before) is { } leased)
        {
            return new UndoStep(null, $"{facts.Name}: the RSS table is kept, because a container still receives on the leased RX queue {leased}") { IsPostponed = true };
        }

        return entry.IsOurs(facts)
            ? new UndoStep(steering => steering.SetRssTable(facts.Name, before), $"{facts.Name}: restored the RSS table ({SteeringText.Of(before)})")
            : new UndoStep(null, $"{facts.Name}: the RSS table was changed by another program ({SteeringText.Of(facts.RssTable)}), and is not changed");
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
            // The rule was already removed, or the process died before it added the rule.
            [] => new UndoStep(null, null),
            [var one] => new UndoStep(steering => steering.RemoveRule(facts.Name, one), $"{facts.Name}: removed flow rule {one} ({SteeringText.Of(rule)})"),
            _ => new UndoStep(null, $"{facts.Name}: {candidates.Length} rules equal the added one ({SteeringText.Of(rule)}), and the one to remove is unknown; none is removed"),
        };
    }
}
