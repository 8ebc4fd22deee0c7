using System.Runtime.InteropServices;
using Spectre.Console;
using Zcrx.Benchmarks.Loop;
using Zcrx.Benchmarks.Receivers;
using Zcrx.Rx;

namespace Zcrx.Benchmarks.Comparison;

/// <summary>Writes the final tables: throughput per CPU second, throughput per second of wall time, and the goals.</summary>
internal static class Report
{
    // The report goes to a file, so its width does not depend on a terminal.
    private const int Width = 240;

    public static string Write(CompareOptions options, CaseResults<ComparisonCase, Measurement> results, IReadOnlyList<LoopResult> loop)
    {
        string work = options.ReadsAll ? "every byte read" : "first byte of each chunk read";
        string rounds = options.Rounds == 1 ? "1 round" : $"{options.Rounds} rounds, medians";
        string title = $"{new ByteSize(options.Volume)} a case, {rounds}, {work}; {Environment.ProcessorCount} processors, {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}";
        using StringWriter text = new();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = Width;
        console.WriteLine(title);
        console.Write(Cases(options, results));
        console.Write(Goals(options, results, loop));
        return text.ToString();
    }

    private static Table Cases(CompareOptions options, CaseResults<ComparisonCase, Measurement> results)
    {
        Table table = Create(2, ["connections", "receiver", "GiB/CPU-s", "lowest", "highest", "user s/GiB", "system s/GiB", "start-up s", "x Socket", "x Akka.IO", "GiB/s", "wall x Socket", "wall x Akka.IO", "allocated/GiB"]);
        foreach (int connections in options.Connections)
        {
            foreach (string receiver in options.Receivers)
            {
                ComparisonCase item = new(receiver, connections);
                if (!results.Has(item))
                {
                    continue;
                }

                table.AddRow(
                    Amount.Number(connections, "0"),
                    item.Kind.Title,
                    Amount.Number(results.Median(item, static run => run.PerCpuSecond), "0.00"),
                    Amount.Number(results.Min(item, static run => run.PerCpuSecond), "0.00"),
                    Amount.Number(results.Max(item, static run => run.PerCpuSecond), "0.00"),
                    Amount.Number(results.Median(item, static run => run.UserPerGiB), "0.000"),
                    Amount.Number(results.Median(item, static run => run.SystemPerGiB), "0.000"),
                    Amount.Number(results.Median(item, static run => run.StartUpSeconds), "0.00"),
                    Ratio(results.Ratio(item, item with { Receiver = ReceiverKind.Socket }, static run => run.PerCpuSecond)),
                    Ratio(results.Ratio(item, item with { Receiver = ReceiverKind.Akka }, static run => run.PerCpuSecond)),
                    Amount.Number(results.Median(item, static run => run.PerSecond), "0.00"),
                    Ratio(results.Ratio(item, item with { Receiver = ReceiverKind.Socket }, static run => run.PerSecond)),
                    Ratio(results.Ratio(item, item with { Receiver = ReceiverKind.Akka }, static run => run.PerSecond)),
                    Amount.Bytes(results.Median(item, static run => run.AllocatedPerGiB)));
            }

            if (connections != options.Connections[^1])
            {
                table.AddEmptyRow();
            }
        }

        return table;
    }

    private static Table Goals(CompareOptions options, CaseResults<ComparisonCase, Measurement> results, IReadOnlyList<LoopResult> loop)
    {
        Table table = Create(1, ["goal of Zcrx", .. options.Connections.Select(connections => $"{connections} connection{(connections == 1 ? "" : "s")}")]);
        AddRow(Goal.Socket, item => results.Ratio(item, item with { Receiver = ReceiverKind.Socket }, static run => run.PerCpuSecond));
        AddRow(Goal.Akka, item => results.Ratio(item, item with { Receiver = ReceiverKind.Akka }, static run => run.PerCpuSecond));
        AddRow(Goal.Allocation, item => results.Median(item, static run => run.AllocatedPerGiB));
        if (options.WithLoop)
        {
            foreach (LoopResult result in loop)
            {
                string kind = result.RunLength == 1 ? "each another connection's" : $"{result.RunLength} of a connection in a row";
                table.AddRow($"{Goal.LoopTime.Text}, {kind}", $"{Goal.LoopTime.Judge(result.Ratio)} ({Amount.Number(result.Nanoseconds, "0.0")} ns)");
            }

            table.AddRow(Goal.LoopAllocation.Text, Goal.LoopAllocation.Judge(loop.Count > 0 ? loop.Max(static result => result.AllocatedBytes) : null));
        }

        return table;

        void AddRow(Goal goal, Func<ComparisonCase, double?> value) => table.AddRow(
            [goal.Text, .. options.Connections.Select(connections => new ComparisonCase(ReceiverKind.Zcrx, connections)).Select(item => goal.Judge(results.Has(item) ? value(item) : null))]);
    }

    /// <summary>Creates a table. Its first columns contain words, and the others contain numbers.</summary>
    private static Table Create(int words, IReadOnlyList<string> header)
    {
        Table table = new Table().Border(TableBorder.Simple);
        for (int i = 0; i < header.Count; i++)
        {
            table.AddColumn(new TableColumn(header[i]) { Alignment = i < words ? Justify.Left : Justify.Right });
        }

        return table;
    }

    private static string Ratio(double? value) => value is { } known ? Amount.Number(known, "0.00") : "";
}
