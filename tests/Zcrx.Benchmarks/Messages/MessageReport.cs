using System.Text;
using Zcrx.Benchmarks.Charts;
using Zcrx.Benchmarks.Comparison;

namespace Zcrx.Benchmarks.Messages;

/// <summary>Writes the tables of small messages as Markdown, and their charts.</summary>
internal sealed class MessageReport(MessageOptions options, CaseResults<MessageCase, MessageSample> results)
{
    private IEnumerable<MessageScenario> ClosedLoops => options.Scenarios.Where(static scenario => scenario is { IsIdle: false, Rate: 0 });

    private IEnumerable<MessageScenario> OpenLoops => options.Scenarios.Where(static scenario => scenario is { IsIdle: false, Rate: > 0 });

    private IEnumerable<MessageScenario> IdleLoads => options.Scenarios.Where(static scenario => scenario.IsIdle);

    /// <summary>Returns all tables as Markdown.</summary>
    public string Tables()
    {
        StringBuilder text = new();
        if (ClosedLoops.Any())
        {
            AddTable(text, ["connections", "server", "CPU µs/message", "× socket", "messages/s", "median µs", "p99 µs"], ClosedLoops, static (report, item) =>
            [
                report.Spread(item, static sample => sample.CpuPerMessage), report.Ratio(item), report.Median(item, static sample => sample.Rate, "0"),
                report.Median(item, static sample => sample.Median, "0"), report.Median(item, static sample => sample.P99, "0"),
            ]);
        }

        foreach (MessageScenario scenario in OpenLoops)
        {
            text.AppendLine($"{scenario.Connections} connections, open loop, {scenario.Rate} requests a second:").AppendLine();
            AddTable(text, ["server", "CPU µs/message", "× socket", "median µs", "p90 µs", "p99 µs", "p99.9 µs", "unanswered"], [scenario], static (report, item) =>
            [
                report.Spread(item, static sample => sample.CpuPerMessage), report.Ratio(item),
                report.Median(item, static sample => sample.Median, "0"), report.Median(item, static sample => sample.P90, "0"),
                report.Median(item, static sample => sample.P99, "0"), report.Median(item, static sample => sample.P999, "0"),
                report.Median(item, static sample => sample.Unanswered, "0"),
            ]);
        }

        foreach (MessageScenario scenario in IdleLoads)
        {
            text.AppendLine($"{scenario.Connections} connections, of which {scenario.Busy} carry messages in a closed loop:").AppendLine();
            AddTable(text, ["server", "bytes/idle connection", "descriptors", "CPU µs/message", "× socket", "median µs", "p99 µs"], [scenario], static (report, item) =>
            [
                report.Median(item, static sample => sample.BytesPerConnection, "0"), report.Median(item, static sample => sample.DescriptorsPerConnection, "0.00"),
                report.Spread(item, static sample => sample.CpuPerMessage), report.Ratio(item),
                report.Median(item, static sample => sample.Median, "0"), report.Median(item, static sample => sample.P99, "0"),
            ]);
        }

        return text.ToString();
    }

    /// <summary>Returns the charts, with the names for their files.</summary>
    public IEnumerable<(string Name, BarChart Chart)> Charts()
    {
        if (ClosedLoops.Any())
        {
            yield return ("messages-cpu", Chart("Small messages, closed loop: CPU of the server", "µs per message", ClosedLoops, static sample => sample.CpuPerMessage));
            yield return ("messages-latency", Chart("Small messages, closed loop: median latency", "µs", ClosedLoops, static sample => sample.Median));
        }

        if (IdleLoads.Any())
        {
            yield return ("messages-memory", Chart("Memory of an idle connection", "bytes", IdleLoads, static sample => sample.BytesPerConnection));
        }

        foreach (MessageScenario scenario in OpenLoops.Take(1))
        {
            yield return ("messages-paced", new BarChart(
                $"{scenario}, open loop: latency",
                "µs",
                Titles,
                [
                    new BarSeriesValues("median", Values(scenario, static sample => sample.Median)),
                    new BarSeriesValues("p99", Values(scenario, static sample => sample.P99)),
                ]));
        }
    }

    private IReadOnlyList<string> Titles => [.. options.Servers.Select(static name => MessageServerKind.Find(name)!.Title)];

    private BarChart Chart(string title, string unit, IEnumerable<MessageScenario> scenarios, Func<MessageSample, double> value) =>
        new(title, unit, Titles, [.. scenarios.Select(scenario => new BarSeriesValues($"{scenario.Connections} connection{(scenario.Connections == 1 ? "" : "s")}", Values(scenario, value)))]);

    private IReadOnlyList<double> Values(MessageScenario scenario, Func<MessageSample, double> value) =>
        [.. options.Servers.Select(server => results.Median(new MessageCase(server, scenario), value))];

    private void AddTable(StringBuilder text, string[] header, IEnumerable<MessageScenario> scenarios, Func<MessageReport, MessageCase, string[]> cells)
    {
        bool hasConnections = header[0] == "connections";
        text.AppendLine($"| {string.Join(" | ", header)} |").AppendLine($"|{string.Concat(Enumerable.Repeat("---|", header.Length))}");
        foreach (MessageScenario scenario in scenarios)
        {
            string connections = hasConnections ? $" {Amount.Number(scenario.Connections, "0")} |" : "";
            foreach (string server in options.Servers)
            {
                text.AppendLine($"|{connections} `{server}` | {string.Join(" | ", cells(this, new MessageCase(server, scenario)))} |");
                connections = hasConnections ? " |" : "";
            }
        }

        text.AppendLine();
    }

    private string Median(MessageCase item, Func<MessageSample, double> value, string format) => Amount.Number(results.Median(item, value), format);

    private string Spread(MessageCase item, Func<MessageSample, double> value) =>
        $"{Median(item, value, "0.0")} ({Amount.Number(results.Min(item, value), "0.0")} to {Amount.Number(results.Max(item, value), "0.0")})";

    private string Ratio(MessageCase item) =>
        results.Ratio(item, item with { Server = MessageServerKind.Socket }, static sample => sample.CpuPerMessage) is { } ratio ? Amount.Number(ratio, "0.00") : "";
}
