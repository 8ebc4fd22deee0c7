using System.Globalization;
using System.Runtime.InteropServices;
using Zcrx.Benchmarks.Loop;
using Zcrx.Benchmarks.Receivers;

namespace Zcrx.Benchmarks.Comparison;

/// <summary>The final table.</summary>
internal static class Report
{
    public static string Write(CompareOptions options, CaseResults results, IReadOnlyList<LoopResult> loop)
    {
        string work = options.ReadsAll ? "every byte read" : "first byte of each chunk read";
        string rounds = options.Rounds == 1 ? "1 round" : $"{options.Rounds} rounds, medians";
        string title = $"{ByteSize.Format(options.Volume)} a case, {rounds}, {work}; {Environment.ProcessorCount} processors, {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}";
        return $"{title}\n\n{Cases(options, results)}\n{Goals(options, results, loop)}";
    }

    private static TextTable Cases(CompareOptions options, CaseResults results)
    {
        TextTable table = new("connections", "receiver", "GiB/CPU-s", "lowest", "highest", "user s/GiB", "system s/GiB", "GiB/s", "allocated/GiB", "x Socket", "x Akka.IO");
        foreach (int connections in options.Connections)
        {
            foreach (string receiver in options.Receivers)
            {
                ComparisonCase item = new(receiver, connections);
                if (!results.Has(item))
                {
                    continue;
                }

                table.Add(
                    Number(connections, "0"),
                    item.Kind.Title,
                    Number(results.Median(item, static run => run.PerCpuSecond), "0.00"),
                    Number(results.Min(item, static run => run.PerCpuSecond), "0.00"),
                    Number(results.Max(item, static run => run.PerCpuSecond), "0.00"),
                    Number(results.Median(item, static run => run.UserPerGiB), "0.000"),
                    Number(results.Median(item, static run => run.SystemPerGiB), "0.000"),
                    Number(results.Median(item, static run => run.PerSecond), "0.00"),
                    ByteSize.Format(results.Median(item, static run => run.AllocatedPerGiB)),
                    Ratio(results.Ratio(item, ReceiverKind.Socket)),
                    Ratio(results.Ratio(item, ReceiverKind.Akka)));
            }

            table.AddGap();
        }

        return table;
    }

    private static TextTable Goals(CompareOptions options, CaseResults results, IReadOnlyList<LoopResult> loop)
    {
        TextTable table = new(["goal of Zcrx", "", .. options.Connections.Select(connections => $"{connections} connection{(connections == 1 ? "" : "s")}")]);
        AddRow(Goal.Socket, item => results.Ratio(item, ReceiverKind.Socket));
        AddRow(Goal.Akka, item => results.Ratio(item, ReceiverKind.Akka));
        AddRow(Goal.Allocation, item => results.Median(item, static run => run.AllocatedPerGiB));
        if (options.WithLoop)
        {
            foreach (LoopResult result in loop)
            {
                string kind = result.RunLength == 1 ? "each another connection's" : $"{result.RunLength} of a connection in a row";
                table.Add($"{Goal.LoopTime.Text}, {kind}", "", $"{Goal.LoopTime.Judge(result.Ratio)} ({Number(result.Nanoseconds, "0.0")} ns)");
            }

            table.Add(Goal.LoopAllocation.Text, "", Goal.LoopAllocation.Judge(loop.Count > 0 ? loop.Max(static result => result.AllocatedBytes) : null));
        }

        return table;

        void AddRow(Goal goal, Func<ComparisonCase, double?> value) => table.Add(
            [goal.Text, "", .. options.Connections.Select(connections => new ComparisonCase(ReceiverKind.Zcrx, connections)).Select(item => goal.Judge(results.Has(item) ? value(item) : null))]);
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static string Ratio(double? value) => value is { } known ? Number(known, "0.00") : "";
}
