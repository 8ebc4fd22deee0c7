using System.Text;
using Zcrx.Benchmarks.Charts;
using Zcrx.Benchmarks.Receivers;

namespace Zcrx.Benchmarks.Comparison;

/// <summary>Writes the table of bulk traffic as Markdown, and its charts.</summary>
internal sealed class BulkReport(CompareOptions options, CaseResults<ComparisonCase, Measurement> results)
{
    public string Table()
    {
        StringBuilder text = new();
        text.AppendLine("| connections | receiver | CPU (range) | × socket | wall | × socket | allocated/GiB | start-up s |");
        text.AppendLine("|---|---|---|---|---|---|---|---|");
        foreach (int connections in options.Connections)
        {
            string first = $" {Amount.Number(connections, "0")} |";
            foreach (string receiver in options.Receivers)
            {
                ComparisonCase item = new(receiver, connections);
                string[] cells =
                [
                    $"`{receiver}`",
                    $"{Median(item, static run => run.PerCpuSecond)} ({Number(results.Min(item, static run => run.PerCpuSecond))} to {Number(results.Max(item, static run => run.PerCpuSecond))})",
                    Ratio(item, static run => run.PerCpuSecond),
                    Median(item, static run => run.PerSecond),
                    Ratio(item, static run => run.PerSecond),
                    Amount.Bytes(results.Median(item, static run => run.AllocatedPerGiB)),
                    Median(item, static run => run.StartUpSeconds),
                ];
                text.AppendLine($"|{first} {string.Join(" | ", cells)} |");
                first = " |";
            }
        }

        return text.ToString();
    }

    public IEnumerable<(string Name, BarChart Chart)> Charts()
    {
        yield return ("bulk-cpu", Chart("Bulk: bytes per CPU second of the receiver", "GiB per CPU second", static run => run.PerCpuSecond));
        yield return ("bulk-wall", Chart("Bulk: bytes per second of wall time", "GiB per second", static run => run.PerSecond));
    }

    private static string Number(double value) => Amount.Number(value, "0.00");

    private BarChart Chart(string title, string unit, Func<Measurement, double> value) => new(
        title,
        unit,
        [.. options.Receivers.Select(static name => ReceiverKind.Find(name)!.Title)],
        [
            .. options.Connections.Select(connections => new BarSeriesValues(
                $"{connections} connection{(connections == 1 ? "" : "s")}",
                [.. options.Receivers.Select(receiver => results.Median(new ComparisonCase(receiver, connections), value))])),
        ]);

    private string Median(ComparisonCase item, Func<Measurement, double> value) => Number(results.Median(item, value));

    private string Ratio(ComparisonCase item, Func<Measurement, double> value) =>
        results.Ratio(item, item with { Receiver = ReceiverKind.Socket }, value) is { } ratio ? Number(ratio) : "";
}
