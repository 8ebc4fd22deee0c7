using Zcrx.Interop.Nic;
using Zcrx.Interop.Nic.Journal;

namespace Zcrx.Interop;

/// <summary>
/// Records changes to network interfaces before it makes them. The changes are undone when the process ends or, if it crashes, when the
/// next process starts.
/// </summary>
/// <remarks>
/// <para>If another program has changed a setting later, its value is kept and reported. The changes of a running process are never undone
/// by another process. When an interface is removed, its changes are gone and need no undoing.</para>
/// <para>Threading: any thread; one change at a time.</para>
/// </remarks>
public sealed class NicChangeJournal : IFlowSteering, IQueueLeasing
{
    // Lock order: NicConfiguration.Gate or the lock of a NicSetup, then SharedGate, then the file lock of the directory, then _gate,
    // then the lock of an EmulatedNic.
    private static readonly Lock SharedGate = new();
    private static readonly Dictionary<string, NicChangeJournal> Shared = new(StringComparer.Ordinal);

    private readonly INicFacts _facts;
    private readonly IFlowSteering _steering;
    private readonly IQueueLeasing? _leasing;
    private readonly Action<string> _report;
    private readonly Lock _gate = new();
    private readonly JournalEntries _entries;

    internal NicChangeJournal(INicFacts facts, IFlowSteering steering, IJournalStore store, Action<string>? report, IEnumerable<JournalEntry>? entries = null, IQueueLeasing? leasing = null)
    {
        _facts = facts;
        _steering = steering;
        _leasing = leasing;
        _report = report ?? (static _ => { });
        _entries = new JournalEntries(store, _report, entries ?? []);
    }

    /// <summary>
    /// Gets the default directory of journals, which is <c>/run/zcrx</c> for root. For other users it is below <c>XDG_RUNTIME_DIR</c>.
    /// </summary>
    public static string DefaultDirectory =>
        Environment.IsPrivilegedProcess ? "/run/zcrx"
        : Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } runtime ? Path.Combine(runtime, "zcrx")
        : "/run/zcrx";

    /// <summary>Gets a description of each change that is not undone yet.</summary>
    public IReadOnlyList<string> Pending
    {
        get
        {
            lock (_gate)
            {
                return [.. _entries.All.Select(static entry => entry.Kind switch
                {
                    JournalEntryKind.Split => $"{entry.Interface}: header/data split",
                    JournalEntryKind.RssTable => $"{entry.Interface}: RSS table",
                    JournalEntryKind.QueueLeased => $"{entry.Interface}: lease of RX queue {entry.Queue} to {entry.LeasedTo}",
                    _ => $"{entry.Interface}: flow rule {SteeringText.Of(entry.Rule!.ToRule())}",
                })];
            }
        }
    }

    /// <summary>
    /// Undoes the changes of dead processes, then opens a journal. A process must open only one journal per directory, since two would
    /// write the same file.
    /// </summary>
    internal static NicChangeJournal Open(string directory, Action<string>? report = null) =>
        JournalDirectory.Open(directory, new NetlinkNicFacts(), new NetlinkFlowSteering(), report, new NetlinkQueueLeasing());

    /// <summary>
    /// Returns the journal that all code of this process shares for the machine's interfaces. The first call undoes the changes of dead
    /// processes and opens the journal. When the process exits, the remaining changes are undone.
    /// </summary>
    /// <param name="directory">
    /// The directory of the journals; null for <see cref="DefaultDirectory"/>. It is created if needed. It must be local to the machine,
    /// and the same for all processes that undo each other's changes.
    /// </param>
    /// <param name="report">
    /// Receives a line for each change that is undone or kept; null for none. Only the action of the first call is used. Must not throw.
    /// </param>
    /// <returns>The journal.</returns>
    /// <exception cref="ZcrxException">The directory cannot be written.</exception>
    public static NicChangeJournal OfThisProcess(string? directory = null, Action<string>? report = null)
    {
        directory ??= DefaultDirectory;
        lock (SharedGate)
        {
            if (!Shared.TryGetValue(directory, out NicChangeJournal? journal))
            {
                Shared[directory] = journal = Open(directory, report);
                AppDomain.CurrentDomain.ProcessExit += (_, _) => journal.Undo();
            }

            return journal;
        }
    }

    /// <summary>Returns a journal in memory, for interfaces whose settings end with the process.</summary>
    /// <param name="facts">Reads the interfaces.</param>
    /// <param name="steering">Changes the interfaces.</param>
    /// <param name="report">Receives a line for each change that is undone or kept; null for none. Must not throw.</param>
    /// <returns>The journal.</returns>
    public static NicChangeJournal InMemory(INicFacts facts, IFlowSteering steering, Action<string>? report = null)
    {
        ArgumentNullException.ThrowIfNull(facts);
        ArgumentNullException.ThrowIfNull(steering);
        return new NicChangeJournal(facts, steering, new NoStore(), report);
    }

    /// <summary>
    /// Returns the journal for the interfaces of a kernel. It is on disk if changes outlive this process; otherwise it is in memory.
    /// </summary>
    /// <param name="nics">The interfaces.</param>
    /// <param name="directory">The directory of journals on disk, as for <see cref="OfThisProcess"/>.</param>
    /// <param name="report">Receives a line for each change that is undone or kept; null for none. Must not throw.</param>
    /// <returns>The journal.</returns>
    /// <exception cref="ZcrxException">The directory cannot be written.</exception>
    public static NicChangeJournal For(INicControl nics, string? directory = null, Action<string>? report = null)
    {
        ArgumentNullException.ThrowIfNull(nics);
        return nics.ChangesOutliveProcess ? OfThisProcess(directory, report) : InMemory(nics.Facts, nics.Steering, report);
    }

    /// <inheritdoc/>
    public int AddRule(string interfaceName, FlowRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        lock (_gate)
        {
            NicFacts facts = _facts.Read(interfaceName);
            JournalEntry entry = new()
            {
                Kind = JournalEntryKind.RuleAdded,
                Interface = facts.Name,
                Index = facts.Index,
                Rule = JournalRule.Of(rule),
                EqualRules = [.. facts.Rules.Where(pair => pair.Value == rule).Select(static pair => pair.Key)],
            };
            int id = 0;
            _entries.Change(null, entry, () =>
            {
                id = _steering.AddRule(interfaceName, rule);
                return entry with { RuleId = id };
            });
            return id;
        }
    }

    /// <inheritdoc/>
    public bool RemoveRule(string interfaceName, int id)
    {
        lock (_gate)
        {
            NicFacts facts = _facts.Read(interfaceName);
            JournalEntry? ours = _entries.FindLast(entry => entry is { Kind: JournalEntryKind.RuleAdded, RuleId: { } known } && known == id && IsOf(entry, facts));
            if (ours is not null)
            {
                // Remove the entry last. If the process dies before, the next process needs the entry to undo the rule.
                bool removed = _steering.RemoveRule(interfaceName, id);
                _entries.Remove(ours);
                return removed;
            }

            if (!facts.Rules.TryGetValue(id, out FlowRule? rule))
            {
                // The rule does not exist, or a FlowRule cannot express it. In the second case it could not be restored, so it is not
                // removed.
                return facts.OtherRules.ContainsKey(id)
                    ? throw new ZcrxDeviceException($"Removing flow rule {id} of {interfaceName}", 0, "the rule was not added by this process and could not be restored", "Remove it manually, with `ethtool -N`")
                    : false;
            }

            JournalEntry entry = new() { Kind = JournalEntryKind.RuleRemoved, Interface = facts.Name, Index = facts.Index, Rule = JournalRule.Of(rule) };
            bool done = false;
            _entries.Change(null, entry, () =>
            {
                done = _steering.RemoveRule(interfaceName, id);
                return done ? entry : null;
            });
            return done;
        }
    }

    /// <inheritdoc/>
    public void SetRssTable(string interfaceName, IReadOnlyList<int> table)
    {
        ArgumentNullException.ThrowIfNull(table);
        lock (_gate)
        {
            NicFacts facts = _facts.Read(interfaceName);
            JournalEntry? known = LastOurs(JournalEntryKind.RssTable, facts);
            IReadOnlyList<int> before = known?.TableBefore ?? facts.RssTable;
            JournalEntry entry = new()
            {
                Kind = JournalEntryKind.RssTable, Interface = facts.Name, Index = facts.Index, TableBefore = before, TablesSet = [facts.RssTable, table],
            };
            _entries.Change(known, entry, () =>
            {
                _steering.SetRssTable(interfaceName, table);
                return before.SequenceEqual(table) ? null : entry with { TablesSet = [table] };
            });
        }
    }

    /// <inheritdoc/>
    public void SetHeaderDataSplit(string interfaceName, bool? split, int? threshold)
    {
        lock (_gate)
        {
            NicFacts facts = _facts.Read(interfaceName);
            JournalEntry? known = LastOurs(JournalEntryKind.Split, facts);
            SplitSetting now = SplitSetting.Of(facts);
            SplitSetting before = known?.SplitBefore ?? now;
            // Some drivers report "on" or "off" when the default was set. The value that is read after the change therefore counts as set
            // by this process.
            JournalEntry entry = new()
            {
                Kind = JournalEntryKind.Split, Interface = facts.Name, Index = facts.Index, SplitBefore = before, SplitsSet = [now, new SplitSetting(split, threshold ?? now.Threshold)],
            };
            _entries.Change(known, entry, () =>
            {
                _steering.SetHeaderDataSplit(interfaceName, split, threshold);
                SplitSetting after = SplitSetting.Of(_facts.Read(interfaceName));
                return after == before ? null : entry with { SplitsSet = [after] };
            });
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// <see cref="Undo"/> cannot end a lease, since the kernel has no command for that. It reports that the lease ends when the container's
    /// interface is deleted.
    /// </remarks>
    public int Lease(string interfaceName, int queue, ContainerInterface to)
    {
        ArgumentNullException.ThrowIfNull(to);
        if (_leasing is null)
        {
            throw new ZcrxUnsupportedException($"Leasing an RX queue of {interfaceName}", Abi.Errno.EOPNOTSUPP, "its kernel does not support leases", "Name a NIC of the machine");
        }

        lock (_gate)
        {
            NicFacts facts = _facts.Read(interfaceName);
            JournalEntry entry = new() { Kind = JournalEntryKind.QueueLeased, Interface = facts.Name, Index = facts.Index, Queue = queue, LeasedTo = to };
            JournalEntry? known = _entries.FindLast(other => other.Kind == JournalEntryKind.QueueLeased && other.Queue == queue && IsOf(other, facts));
            bool wasThere = known is null && facts.Queues.Any(other => other.Index == queue && other.Lease is not null);
            int leased = 0;
            _entries.Change(known, entry, () =>
            {
                leased = _leasing.Lease(interfaceName, queue, to);
                return wasThere ? null : entry;
            });
            return leased;
        }
    }

    /// <summary>Undoes all changes, the last one first.</summary>
    /// <returns>
    /// False when a change could not be undone now. The change then stays in the journal for a retry or the next process.
    /// </returns>
    public bool Undo()
    {
        lock (_gate)
        {
            bool complete = true;
            foreach (JournalEntry entry in _entries.All.Reverse().ToArray())
            {
                complete &= TryUndo(entry);
            }

            return complete;
        }
    }

    private static bool IsOf(JournalEntry entry, NicFacts facts) => entry.Interface == facts.Name && entry.Index == facts.Index;

    /// <summary>
    /// Returns the last entry of a kind; null if another program has changed the setting later. The value of the other program is then the
    /// one to restore.
    /// </summary>
    private JournalEntry? LastOurs(JournalEntryKind kind, NicFacts facts) =>
        _entries.FindLast(entry => entry.Kind == kind && IsOf(entry, facts)) is { } last && last.IsOurs(facts) ? last : null;

    private bool TryUndo(JournalEntry entry)
    {
        UndoStep step;
        try
        {
            step = UndoStep.Plan(entry, ReadOrNull(entry.Interface));
            step.Apply?.Invoke(_steering);
            if (step.Text is not null)
            {
                _report(step.Text);
            }
        }
        catch (ZcrxException exception)
        {
            _report($"{entry.Interface}: could not restore: {exception.Message}");
            return false;
        }

        if (step.IsPostponed)
        {
            return false;
        }

        // Remove each entry as soon as its change is undone. After a crash, the journal then contains only changes that are not undone.
        _entries.Remove(entry);
        return true;
    }

    private NicFacts? ReadOrNull(string interfaceName)
    {
        try
        {
            return _facts.Read(interfaceName);
        }
        catch (ZcrxDeviceException)
        {
            return null;
        }
    }

    private sealed class NoStore : IJournalStore
    {
        public void Save(IReadOnlyList<JournalEntry> entries)
        {
        }
    }
}
