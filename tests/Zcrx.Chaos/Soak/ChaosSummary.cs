using System.Globalization;
using Spectre.Console;
using Zcrx.Chaos.Faults;
using Zcrx.Chaos.Support;

namespace Zcrx.Chaos.Soak;

/// <summary>Prints the summary of a run: a table for people, and lines that a script counts when the run is in a virtual machine.</summary>
internal static class ChaosSummary
{
    public static void Write(IAnsiConsole console, ChaosReport report)
    {
        ChaosTally tally = report.Tally;
        Table streams = NewTable("streams", "");
        Row(streams, "opened", tally.Opened);
        Row(streams, "arrived completely", tally.Survived);
        Row(streams, "… under faults of their queue", tally.SurvivedFaults);
        foreach ((string reason, int count) in tally.Told.OrderByDescending(static entry => entry.Value))
        {
            Row(streams, $"ended with an error: {reason}", count);
        }

        Row(streams, "reset before a consumer received them", tally.Unserved);
        Row(streams, "bytes compared", tally.Bytes);
        Row(streams, "leases checked after a while", tally.Leases);
        Row(streams, "queues opened again", report.Restarts);
        Row(streams, "connections that continued after it", report.Continued);
        Row(streams, "queues fallen back", report.FellBack);
        Row(streams, "queues abandoned with a stuck thread", report.Abandoned);
        Row(streams, "violations", tally.Violations);
        console.Write(streams);

        Table faults = NewTable("faults", "");
        foreach (ChaosFault fault in report.Faults)
        {
            Row(faults, fault.Name, fault.Count);
        }

        console.Write(faults);
        if (report.WhyNoPeerVanishes is { } why)
        {
            console.WriteLine($"skipped: {VanishingPeers.ForEver}: {why}");
        }

        Table footprints = NewTable("", "descriptors");
        footprints.AddColumns(Right("threads"), Right("heap MiB"), Right("resident MiB"));
        foreach ((string when, ProcessFootprint what) in report.Footprints)
        {
            footprints.AddRow(when, Text(what.Descriptors), Text(what.Threads), Text(what.Heap >> 20), Text(what.Resident >> 20));
        }

        console.Write(footprints);
        foreach (string violation in tally.Described)
        {
            console.WriteLine($"violation: {violation}");
        }

        string name = string.Create(CultureInfo.InvariantCulture, $"chaos {report.Options.Engine} for {report.Elapsed.TotalSeconds:f0} s, seed {report.Options.Seed}");
        console.WriteLine(report.HasPassed ? $"PASS {name}" : $"FAIL {name} {tally.Violations} violations");
        console.WriteLine(report.HasPassed ? "1 passed, 0 failed, 0 skipped" : "0 passed, 1 failed, 0 skipped");
    }

    private static Table NewTable(string first, string second)
    {
        Table table = new Table().Border(TableBorder.Simple);
        table.AddColumn(first);
        table.AddColumn(Right(second));
        return table;
    }

    private static TableColumn Right(string header) => new TableColumn(header).RightAligned();

    private static void Row(Table table, string name, long value) => table.AddRow(Markup.Escape(name), Text(value));

    private static string Text(long value) => value.ToString("n0", CultureInfo.InvariantCulture);
}
