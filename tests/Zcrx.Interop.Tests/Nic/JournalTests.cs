using System.Diagnostics;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Zcrx.Interop.Nic.Journal;

namespace Zcrx.Interop.Tests.Nic;

/// <summary>Tests that the interface is restored after a crash at any point. Changes by other programs must be kept.</summary>
public class JournalTests
{
    private const int OwnPort = 9000;
    private const int ForeignPort = 20_000;

    /// <summary>Represents one generated change. Every combination of values is valid.</summary>
    public sealed record Step(byte Kind, byte Value);

    /// <summary>Describes one case: the changes, and after how many effects the process and then its successor crash.</summary>
    public sealed record Script(Step[] Steps, byte DiesAt, bool AfterTheEffect, byte SuccessorDiesAt);

    [Fact]
    public void Undoing_restores_the_earlier_settings() => Run(300, script => new Bench(script with { DiesAt = byte.MaxValue, SuccessorDiesAt = byte.MaxValue }));

    [Fact]
    public void Next_start_undoes_every_change_after_a_crash_at_any_point() => Run(1_500, script => new Bench(script));

    [Fact]
    public void Refused_change_is_not_recorded()
    {
        EmulatedNic nic = new();
        MemoryStore store = new();
        NicChangeJournal journal = new(new EmulatedNicFacts([nic]), new EmulatedFlowSteering([nic]), store, null);

        Assert.Throws<ZcrxDeviceException>(() => journal.AddRule(nic.Name, new FlowRule(77)));
        Assert.Throws<ZcrxDeviceException>(() => journal.SetRssTable(nic.Name, [1, 2, 3]));
        Assert.Throws<ZcrxDeviceException>(() => journal.SetHeaderDataSplit(nic.Name, true, -1));
        Assert.Empty(store.Entries);
        Assert.Empty(journal.Pending);
    }

    [Fact]
    public void Rule_of_another_program_that_was_removed_is_added_again()
    {
        EmulatedNic nic = new();
        FlowRule foreign = new(2, LocalPort: ForeignPort);
        int id = nic.AddRule(foreign);
        NicChangeJournal journal = NicChangeJournal.InMemory(new EmulatedNicFacts([nic]), new EmulatedFlowSteering([nic]));

        Assert.True(journal.RemoveRule(nic.Name, id));
        Assert.False(journal.RemoveRule(nic.Name, id));
        Assert.Equal(["enic0: flow rule flow-type tcp4|tcp6 dst-port 20000 action 2"], journal.Pending);
        Assert.True(journal.Undo());
        Assert.Equal([foreign], nic.Rules.Values);
        Assert.Empty(journal.Pending);
    }

    [Fact]
    public void Setting_that_another_program_has_changed_is_kept_and_reported()
    {
        EmulatedNic nic = new();
        List<string> said = [];
        NicChangeJournal journal = NicChangeJournal.InMemory(new EmulatedNicFacts([nic]), new EmulatedFlowSteering([nic]), said.Add);
        journal.SetRssTable(nic.Name, [.. Enumerable.Repeat(1, 128)]);
        int[] foreign = [.. Enumerable.Repeat(3, 128)];
        nic.RssTable = foreign;

        Assert.True(journal.Undo());
        Assert.Equal(foreign, nic.RssTable);
        Assert.Equal(["enic0: the RSS table was changed by another program (128 buckets, queue 3: 128), and is not changed"], said);
    }

    [Fact]
    public void Changes_to_a_removed_or_recreated_interface_need_no_undoing()
    {
        EmulatedNic nic = new();
        NicChangeJournal journal = NicChangeJournal.InMemory(new EmulatedNicFacts([nic]), new EmulatedFlowSteering([nic]));
        journal.SetRssTable(nic.Name, [.. Enumerable.Repeat(1, 128)]);
        nic.Remove();
        nic.Restore();
        int[] fresh = [.. Enumerable.Repeat(1, 128)];
        nic.RssTable = fresh;

        Assert.True(journal.Undo());
        Assert.Equal(fresh, nic.RssTable);
    }

    [Fact]
    public void Change_that_cannot_be_undone_now_is_reported_and_kept_for_a_retry()
    {
        EmulatedNic nic = new(new EmulatedNicOptions { HeaderDataSplit = false });
        Fragile steering = new(new EmulatedFlowSteering([nic]), new Fuse());
        List<string> said = [];
        NicChangeJournal journal = NicChangeJournal.InMemory(new EmulatedNicFacts([nic]), steering, said.Add);
        journal.SetHeaderDataSplit(nic.Name, true, 0);

        steering.Refuses = true;
        Assert.False(journal.Undo());
        Assert.Contains("enic0: could not restore: ", Assert.Single(said), StringComparison.Ordinal);
        steering.Refuses = false;
        Assert.True(journal.Undo());
        Assert.False(nic.HeaderDataSplit);
    }

    [Fact]
    public void Journal_is_written_and_read_back_and_deleted_when_every_change_is_undone()
    {
        string directory = Directory.CreateTempSubdirectory("zcrx-journal-").FullName;
        try
        {
            EmulatedNic nic = new();
            JournalOwner self = JournalOwner.Current();
            JournalOwner dead = self with { StartTime = self.StartTime + 1 };
            NicChangeJournal crashed = new(new EmulatedNicFacts([nic]), new EmulatedFlowSteering([nic]), new JournalFile(directory, dead), null);
            crashed.SetHeaderDataSplit(nic.Name, false, 100);
            crashed.SetRssTable(nic.Name, [.. Enumerable.Repeat(1, 128)]);
            crashed.AddRule(nic.Name, new FlowRule(1, 80, 90, System.Net.IPAddress.Loopback, System.Net.IPAddress.Parse("192.0.2.1")));
            NicChangeJournal living = new(new EmulatedNicFacts([nic]), new EmulatedFlowSteering([nic]), new JournalFile(directory, self), null);
            FlowRule kept = new(2, LocalPort: OwnPort);
            living.AddRule(nic.Name, kept);
            File.WriteAllText(Path.Combine(directory, "odd.json"), "{\"version\":9}");
            List<string> said = [];

            NicChangeJournal journal = JournalDirectory.Open(directory, new EmulatedNicFacts([nic]), new EmulatedFlowSteering([nic]), said.Add);
            Assert.Empty(journal.Pending);
            Assert.Equal((true, 0), (nic.HeaderDataSplit, nic.HdsThreshold));
            Assert.Equal(4, nic.RssTable.Distinct().Count());
            Assert.Equal([kept], nic.Rules.Values);
            Assert.Equal([$"{self.Pid}-{self.StartTime}.json", "lock", "odd.json"], Directory.GetFiles(directory).Select(Path.GetFileName).Order(StringComparer.Ordinal));
            Assert.Contains(said, text => text.Contains("odd.json: a journal of version 9", StringComparison.Ordinal));
            Assert.True(living.Undo());
            Assert.Equal(["lock", "odd.json"], Directory.GetFiles(directory).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void Only_changes_of_processes_that_have_ended_are_undone()
    {
        JournalOwner self = new(100, 5000, "boot", "net:[1]", "pid:[1]");
        JournalOwner other = self with { Pid = 200, StartTime = 6000 };

        Assert.Equal(JournalFate.Leave, JournalDirectory.FateOf(other, self, 6000));
        Assert.Equal(JournalFate.Undo, JournalDirectory.FateOf(other, self, null));
        // The process with this id has another start time, so the owner has ended.
        Assert.Equal(JournalFate.Undo, JournalDirectory.FateOf(other, self, 6001));
        Assert.Equal(JournalFate.Forget, JournalDirectory.FateOf(other with { Boot = "before" }, self, 6000));
        Assert.Equal(JournalFate.Leave, JournalDirectory.FateOf(other with { NetworkNamespace = "net:[2]" }, self, null));
        Assert.Equal(JournalFate.Leave, JournalDirectory.FateOf(other with { PidNamespace = "pid:[2]" }, self, null));
    }

    [Fact]
    public void Process_is_identified_by_its_start_time()
    {
        using Process child = Process.Start(new ProcessStartInfo("sleep", ["60"]))!;
        ulong? start = JournalOwner.StartTimeOf(child.Id);
        Assert.NotNull(start);
        Assert.Equal(start, JournalOwner.StartTimeOf(child.Id));
        child.Kill();
        child.WaitForExit();
        Assert.Null(JournalOwner.StartTimeOf(child.Id));
        Assert.Equal(77ul, JournalOwner.ParseStartTime("12 (a) S (b)) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 77 19"));
        Assert.Null(JournalOwner.ParseStartTime("12 (dead) Z 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 77 19"));
        Assert.Null(JournalOwner.ParseStartTime("nonsense"));
    }

    private static void Run(int count, Func<Script, Bench> make) => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(count).WithEndSize(20),
        Prop.ForAll<Script>(script => make(script).Play()));

    /// <summary>
    /// Represents an interface. A process, another program, and the successors that undo the process's changes all change it.
    /// </summary>
    private sealed class Bench(Script script)
    {
        private static readonly int[] Original = [.. Enumerable.Range(0, 128).Select(bucket => bucket % 4)];

        private readonly EmulatedNic _nic = new();
        private readonly MemoryStore _store = new();
        private readonly List<int> _ownRules = [];
        private readonly HashSet<FlowRule> _foreignRules = [];
        private IReadOnlyList<int> _expectedTable = Original;
        private (bool Split, int Threshold) _expectedSplit = (true, 0);
        private int _foreignChanges;

        public void Play()
        {
            Fuse fuse = new() { BurnsAt = script.DiesAt, After = script.AfterTheEffect };
            NicChangeJournal journal = Start(fuse, []);
            try
            {
                foreach (Step step in script.Steps)
                {
                    Take(step, journal);
                }

                Assert.True(journal.Undo());
            }
            catch (DiedException)
            {
                // Another program may change the interface after a crash and before the next start.
                Foreign((byte)script.SuccessorDiesAt);
                try
                {
                    Start(new Fuse { BurnsAt = script.SuccessorDiesAt, After = !script.AfterTheEffect }, _store.Read()).Undo();
                }
                catch (DiedException)
                {
                    Assert.True(Start(new Fuse(), _store.Read()).Undo());
                }
            }

            Assert.Empty(_store.Entries);
            Assert.Equal(_expectedTable, _nic.RssTable);
            Assert.Equal(_expectedSplit, (_nic.HeaderDataSplit, _nic.HdsThreshold));
            Assert.Equal(_foreignRules.OrderBy(rule => rule.LocalPort), _nic.Rules.Values.OrderBy(rule => rule.LocalPort));
        }

        private NicChangeJournal Start(Fuse fuse, IReadOnlyList<JournalEntry> entries)
        {
            _store.Fuse = fuse;
            return new NicChangeJournal(new EmulatedNicFacts([_nic]), new Fragile(new EmulatedFlowSteering([_nic]), fuse), _store, null, entries);
        }

        private void Take(Step step, NicChangeJournal journal)
        {
            switch (step.Kind % 6)
            {
                case 0:
                    _ownRules.Add(journal.AddRule(_nic.Name, new FlowRule(step.Value % 4, LocalPort: OwnPort + (step.Value % 3))));
                    break;
                case 1 when _ownRules.Count > 0:
                    int id = _ownRules[step.Value % _ownRules.Count];
                    _ownRules.Remove(id);
                    Assert.True(journal.RemoveRule(_nic.Name, id));
                    break;
                case 2:
                    // Some steps set the table to its original value.
                    journal.SetRssTable(_nic.Name, step.Value % 4 == 0 ? Original : [.. Original.Select(queue => (queue + step.Value) % 3)]);
                    break;
                case 3:
                    journal.SetHeaderDataSplit(_nic.Name, step.Value % 2 == 0, step.Value % 4 == 0 ? 0 : step.Value);
                    break;
                default:
                    Foreign(step.Value);
                    break;
            }
        }

        /// <summary>Changes the interface as another program would. The new values were never set before.</summary>
        private void Foreign(byte value)
        {
            int number = ++_foreignChanges;
            switch (value % 4)
            {
                case 0:
                    FlowRule rule = new(value % 3, LocalPort: ForeignPort + number);
                    _nic.AddRule(rule);
                    _foreignRules.Add(rule);
                    break;
                case 1:
                    int[] table = [.. Enumerable.Range(0, 128).Select(bucket => (number >> (bucket % 16)) & 1)];
                    table[127] = 3;
                    _expectedTable = _nic.RssTable = table;
                    break;
                case 2:
                    _nic.SetHeaderDataSplit(number % 2 == 0, 1000 + number);
                    _expectedSplit = (number % 2 == 0, 1000 + number);
                    break;
                default:
                    break;
            }
        }
    }

    /// <summary>Counts the effects of a process on the interface and the journal. Throws at one of them, which simulates a crash.</summary>
    private sealed class Fuse
    {
        private int _effects;

        public int BurnsAt { get; init; } = int.MaxValue;

        public bool After { get; init; }

        public void Pass(Action effect)
        {
            bool burns = _effects++ == BurnsAt;
            if (!burns || After)
            {
                effect();
            }

            if (burns)
            {
                throw new DiedException();
            }
        }
    }

    private sealed class DiedException : Exception;

    private sealed class MemoryStore : IJournalStore
    {
        public Fuse Fuse { get; set; } = new();

        public IReadOnlyList<JournalEntry> Entries { get; private set; } = [];

        /// <summary>Returns the journal entries as a successor would read them.</summary>
        public IReadOnlyList<JournalEntry> Read()
        {
            JournalRecord record = new(1, new JournalOwner(1, 2, "", "", ""), Entries);
            return JsonSerializer.Deserialize(JsonSerializer.Serialize(record, JournalJson.Default.JournalRecord), JournalJson.Default.JournalRecord)!.Entries;
        }

        public void Save(IReadOnlyList<JournalEntry> entries) => Fuse.Pass(() => Entries = [.. entries]);
    }

    private sealed class Fragile(IFlowSteering steering, Fuse fuse) : IFlowSteering
    {
        public bool Refuses { get; set; }

        public int AddRule(string interfaceName, FlowRule rule)
        {
            int id = 0;
            fuse.Pass(() => id = steering.AddRule(interfaceName, rule));
            return id;
        }

        public bool RemoveRule(string interfaceName, int id)
        {
            bool removed = false;
            fuse.Pass(() => removed = steering.RemoveRule(interfaceName, id));
            return removed;
        }

        public void SetRssTable(string interfaceName, IReadOnlyList<int> table) => fuse.Pass(() => steering.SetRssTable(interfaceName, table));

        public void SetHeaderDataSplit(string interfaceName, bool? split, int? threshold) => fuse.Pass(() =>
        {
            if (Refuses)
            {
                throw new ZcrxDeviceException("Setting header/data split of enic0", 16, "it is in use", "");
            }

            steering.SetHeaderDataSplit(interfaceName, split, threshold);
        });
    }
}
