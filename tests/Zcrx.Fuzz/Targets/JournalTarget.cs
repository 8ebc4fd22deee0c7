using System.Text;
using Zcrx.Interop;
using Zcrx.Interop.Nic.Journal;

namespace Zcrx.Fuzz.Targets;

/// <summary>Reads journals of NIC changes, and undoes the changes on an emulated interface.</summary>
internal sealed class JournalTarget : IFuzzTarget
{
    private const string Owner = """{"pid":1,"startTime":1,"boot":"b","networkNamespace":"n","pidNamespace":"p"}""";

    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("zcrx-fuzz-journal-").FullName, "1-1.json");
    private readonly JournalOwner _self = new(2, 2, "b", "n", "p");
    private readonly EmulatedNic _nic = new(new EmulatedNicOptions());

    public JournalTarget()
    {
        // The directory is deleted at the exit of the process, so also after an input that has failed.
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);
        string place = $"\"interface\":\"{_nic.Name}\",\"index\":{_nic.Index}";
        Seeds =
        [
            With($$$"""{"kind":"Split",{{{place}}},"splitBefore":{"split":true,"threshold":0},"splitsSet":[{"split":true,"threshold":0},{"split":false,"threshold":256}]}"""),
            With($$$"""{"kind":"Split",{{{place}}},"splitBefore":{"split":false,"threshold":9},"splitsSet":[{"split":true,"threshold":0}]}"""),
            With($$$"""{"kind":"RssTable",{{{place}}},"tableBefore":[0,1,2,3],"tablesSet":[{{{Table()}}}]}"""),
            With($$$"""{"kind":"RuleAdded",{{{place}}},"ruleId":0,"equalRules":[1],"rule":{"queue":1,"localPort":9000,"localAddress":"127.0.0.1","isIPv6":false}}"""),
            With($$$"""{"kind":"RuleRemoved",{{{place}}},"rule":{"queue":2,"localPort":9001,"remoteAddress":"::1"}}"""),
            With($$$"""{"kind":"QueueLeased",{{{place}}},"queue":1,"leasedTo":{"container":"box","interface":"nk0"}}"""),
            [0, .. Encoding.UTF8.GetBytes("4711 (a ) b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 42 20")],
        ];
    }

    public string Name => "journal";

    public IReadOnlyList<byte[]> Seeds { get; }

    public void Run(byte[] input)
    {
        if (input.Length > 0 && input[0] == 0)
        {
            _ = JournalOwner.ParseStartTime(Encoding.UTF8.GetString(input.AsSpan(1)));
            return;
        }

        File.WriteAllBytes(_path, input);
        JournalReading reading = JournalFile.Read(_path);
        FuzzException.Require((reading.Record is null) == (reading.Problem is not null), "a file is a journal or has a problem");
        if (reading.Record is not { } record)
        {
            return;
        }

        _ = JournalDirectory.FateOf(record.Owner, _self, startTime: null);
        List<string> reports = [];
        // A new journal undoes the entries. It reports every change, even one that the interface refuses.
        NicChangeJournal journal = new(new EmulatedNicFacts([_nic]), new EmulatedFlowSteering([_nic]), new Nowhere(), reports.Add, record.Entries);
        journal.Undo();
        FuzzException.Require(_nic.RssTable.All(queue => queue >= 0 && queue < _nic.RxQueues), "the RSS table names RX queues that exist");
        foreach (int id in _nic.Rules.Keys.ToArray())
        {
            _nic.RemoveRule(id);
        }
    }

    private static byte[] With(string entry) => Encoding.UTF8.GetBytes($$"""{"version":1,"owner":{{Owner}},"entries":[{{entry}}]}""");

    private string Table() => string.Join(',', _nic.RssTable);

    private sealed class Nowhere : IJournalStore
    {
        public void Save(IReadOnlyList<JournalEntry> entries)
        {
        }
    }
}
