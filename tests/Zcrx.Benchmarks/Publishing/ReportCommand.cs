using System.CommandLine;
using System.Globalization;
using System.Text;
using Zcrx.Benchmarks.Charts;
using Zcrx.Benchmarks.Comparison;
using Zcrx.Benchmarks.Messages;
using Zcrx.Rx;
using CompareOptions = Zcrx.Benchmarks.Comparison.CompareOptions;

namespace Zcrx.Benchmarks.Publishing;

/// <summary>Runs all comparisons, and writes their tables and charts into a document.</summary>
internal static class ReportCommand
{
    public static Task<int> RunAsync(string[] args)
    {
        Option<bool> brief = new("--short") { Description = "Three short rounds: about fifteen minutes on two processors." };
        Option<FileInfo> document = new("--document") { Description = "The document whose results are replaced. Charts are written into `images` beside it.", Required = true };
        RootCommand command = new("Compares all receivers and servers, and writes the results into a document.") { brief, document };
        command.SetAction(async (parsed, cancellation) =>
        {
            FileInfo file = parsed.GetRequiredValue(document);
            // Fails before the long measurement if the document has no section for the results.
            _ = ResultSection.Replace(await File.ReadAllTextAsync(file.FullName, cancellation), "");
            CompareOptions bulk = new() { Rounds = parsed.GetValue(brief) ? 3 : 5, Volume = parsed.GetValue(brief) ? 2L << 30 : 4L << 30 };
            MessageOptions messages = parsed.GetValue(brief) ? MessageOptions.Brief : MessageOptions.Usual;
            try
            {
                BulkReport bulkReport = new(bulk, await CompareProgram.MeasureAsync(bulk));
                MessageReport messageReport = new(messages, await new MessageRunner(messages).RunAsync());
                (string Name, BarChart Chart)[] charts = [.. bulkReport.Charts(), .. messageReport.Charts()];
                ChartFiles.Write(Path.Combine(file.DirectoryName!, "images"), charts);
                // Reads the document again, because someone may have edited it during the measurement.
                string text = await File.ReadAllTextAsync(file.FullName, cancellation);
                await File.WriteAllTextAsync(file.FullName, ResultSection.Replace(text, Compose(bulk, messages, bulkReport, messageReport, charts)), cancellation);
                return 0;
            }
            catch (InvalidOperationException exception)
            {
                await Console.Error.WriteLineAsync($"bench: {exception.Message}");
                return 1;
            }
        });
        return command.Parse(args).InvokeAsync();
    }

    private static string Compose(CompareOptions bulk, MessageOptions messages, BulkReport bulkReport, MessageReport messageReport, (string Name, BarChart Chart)[] charts)
    {
        StringBuilder text = new();
        Version kernel = Environment.OSVersion.Version;
        text.AppendLine(CultureInfo.InvariantCulture, $"Linux {kernel.Major}.{kernel.Minor}, {Environment.ProcessorCount} processors, .NET {Environment.Version}. All values are medians of the rounds.");
        text.AppendLine().AppendLine("### Bulk").AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"{bulk.Rounds} rounds of {new ByteSize(bulk.Volume)} a case. CPU is GiB per CPU second of the receiver's process, wall is GiB per second.");
        text.AppendLine().AppendLine(bulkReport.Table());
        AddCharts("bulk");
        text.AppendLine("### Small messages").AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"{messages.Rounds} rounds of {messages.Duration.TotalSeconds} s a case. CPU is that of the server, with the range of the rounds. Closed loop:");
        text.AppendLine().Append(messageReport.Tables());
        AddCharts("messages");
        return text.ToString();

        void AddCharts(string prefix)
        {
            foreach ((string name, BarChart chart) in charts.Where(chart => chart.Name.StartsWith(prefix, StringComparison.Ordinal)))
            {
                text.AppendLine($"![{chart.Title}](images/{ChartFiles.FileOf(name)})").AppendLine();
            }
        }
    }
}
