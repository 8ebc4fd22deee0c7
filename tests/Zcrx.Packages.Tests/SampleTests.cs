using System.Text;
using System.Text.RegularExpressions;
using Ingest.Tests.Support;
using Xunit.Abstractions;
using Zcrx.Packages.Tests.Samples;
using Zcrx.Packages.Tests.Support;

namespace Zcrx.Packages.Tests;

/// <summary>Compiles the C# samples of all documents against the packages, and runs them where possible.</summary>
[Collection(PackageSuite.Name)]
public partial class SampleTests(PackageFolder folder, ITestOutputHelper output)
{
    [Fact]
    public async Task Fragments_of_all_documents_compile_and_the_analyzers_report_what_their_comments_say()
    {
        using TempDirectory directory = new();
        DocumentSample[] fragments = [.. SampleSuite.All.Where(static sample => !sample.IsProgram)];
        int port = SamplePrograms.FreePort();
        using Consumer consumer = SampleSuite.Project(folder, SampleSuite.Fragments, fragments, text => FragmentRun.Localize(text, port, directory.Path));

        string build = await consumer.BuildAsync();

        Assert.NotEmpty(fragments);
        Assert.Equal(
            fragments.SelectMany(Announced).Order(StringComparer.Ordinal),
            Reports().Matches(build).Select(static match => $"{match.Groups["document"].Value}:{match.Groups["line"].Value} {match.Groups["rule"].Value}").Distinct().Order(StringComparer.Ordinal));

        ILookup<string, DocumentSample> runs = fragments.ToLookup(FragmentRun.ReasonNotToRun);
        string[] names = [.. runs[""].Select(static sample => sample.Name)];
        StringBuilder printed = new();
        // A fragment that serves until its process ends needs a process of its own.
        foreach (IEnumerable<DocumentSample> together in runs[""].GroupBy(static sample => FragmentRun.IsEndless(sample) ? sample.Name : ""))
        {
            printed.AppendLine(await consumer.RunAsync([$"{port}", .. together.Select(FragmentRun.Argument)]));
        }

        Assert.NotEmpty(names);
        Assert.Equal(names.Order(StringComparer.Ordinal), printed.ToString().Split('\n').Where(static line => line.StartsWith("ran: ", StringComparison.Ordinal)).Select(static line => line["ran: ".Length..]).Order(StringComparer.Ordinal));
        output.WriteLine($"measured: {fragments.Length} fragments of {fragments.DistinctBy(static sample => sample.Document).Count()} documents compiled, {names.Length} run");
        foreach (IGrouping<string, DocumentSample> others in runs.Where(static group => group.Key.Length > 0))
        {
            output.WriteLine($"measured: {others.Count()} fragments only compiled: {others.Key}");
        }
    }

    [Fact]
    public async Task Programs_of_all_documents_compile_and_do_what_they_say()
    {
        DocumentSample[] programs = [.. SampleSuite.All.Where(static sample => sample.IsProgram)];
        SamplePrograms built = await folder.ProgramsAsync();

        foreach (DocumentSample program in programs)
        {
            await RunAsync(built, program);
        }

        Assert.NotEmpty(programs);
        output.WriteLine($"measured: {programs.Length} programs of documents compiled and run");
    }

    /// <summary>Runs the program of README.md and its client. Compares the output of both with the document.</summary>
    private async Task RunReadmeAsync(SamplePrograms built, ServerProgram server)
    {
        if (!ForeignProgram.Exists("python3"))
        {
            output.WriteLine("The client of README.md was not run: python3 is missing.");
            return;
        }

        string text = await File.ReadAllTextAsync(Path.Combine(Repository.Path, "README.md"));
        string client = built.WithPort(Block("python"));
        await server.ListensAsync();

        (int exitCode, string printed) = await ForeignProgram.ExecuteAsync("exec python3 -c \"$1\"", client);

        Assert.True(exitCode == 0, printed);
        Assert.Contains($"The client prints `{printed.Trim()}`.", text, StringComparison.Ordinal);
        foreach (string line in Block("text").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            // The text before the first colon contains the port of the client, which differs in each run. The document may shorten a long
            // line by an ellipsis.
            await server.PrintsAsync(line[line.IndexOf(": ", StringComparison.Ordinal)..].TrimEnd('…', ' '));
        }

        string Block(string language) => Regex.Match(text, $@"^```{language}\n(?<text>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(10)).Groups["text"].Value;
    }

    private async Task RunAsync(SamplePrograms built, DocumentSample program)
    {
        bool isWeb = program.Code.Contains("WebApplication", StringComparison.Ordinal);
        if (!isWeb && !program.Code.Contains("9000", StringComparison.Ordinal))
        {
            await built.RunAsync(program.Name);
            return;
        }

        using ServerProgram server = built.Start(program.Name, directory: null, "--urls", $"http://127.0.0.1:{built.Port}");
        if (program.Document == "README.md")
        {
            await RunReadmeAsync(built, server);
        }

        // Akka.IO can lose bytes and the end of a stream if they arrive before its handler is registered. The stream therefore ends only
        // after the program has printed the frame.
        string? printed = program.Code.Contains("Tcp.Bind", StringComparison.Ordinal) ? "20 bytes" : null;
        await (isWeb ? server.AnswersAsync() : server.AcceptsFrameAsync(printed));
    }

    // Returns the diagnostics that the sample announces. A line that ends with `// ZCRX0001` announces this rule.
    private static IEnumerable<string> Announced(DocumentSample sample) => sample.Code.Split('\n')
        .Select((line, index) => (Line: sample.Line + index, Rule: Announcement().Match(line).Groups["rule"].Value))
        .Where(static line => line.Rule.Length > 0)
        .Select(line => $"{sample.Document}:{line.Line} {line.Rule}");

    [GeneratedRegex(@"// (?<rule>ZCRX\d{4})$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Announcement();

    [GeneratedRegex(@"(?<document>(docs/|README)[\w/.-]*)\((?<line>\d+),\d+\): warning (?<rule>ZCRX\d{4})", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Reports();
}
