using System.Net.Sockets;
using System.Text.RegularExpressions;
using Ingest.Tests.Support;
using Zcrx.Packages.Tests.Samples;
using Zcrx.Packages.Tests.Support;

namespace Zcrx.Packages.Tests;

/// <summary>
/// Follows the steps of <c>docs/tutorial.md</c>. Uses the programs and clients in its text, and compares the output with that in its text.
/// </summary>
[Collection(PackageSuite.Name)]
public class TutorialTests(PackageFolder folder)
{
    private const string Document = "docs/tutorial.md";

    private static readonly string Text = File.ReadAllText(Path.Combine(Repository.Path, Document));

    [Fact]
    public async Task Stage_1_receives_lines()
    {
        using ServerProgram service = await StartAsync(1);

        await service.AcceptsFrameAsync();

        await service.PrintsLikeAsync(Block(1, "text"));
    }

    [SkippableFact]
    public async Task Stage_2_slows_its_sender_down()
    {
        ForeignProgram.Require("python3", "python3");
        using ServerProgram service = await StartAsync(2);
        await service.ListensAsync();

        string printed = await SendAsync(2);

        Assert.StartsWith("the service takes no more after ", printed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stage_2_prints_its_status()
    {
        using ServerProgram service = await StartAsync(2);
        using Socket client = await service.ConnectAsync();
        await client.SendAsync("a line of a log\n"u8.ToArray());

        await service.PrintsLikeAsync(Block(2, "text"));
    }

    [Fact]
    public async Task Stage_3_continues_a_connection_after_a_crash_of_its_queue()
    {
        using ServerProgram service = await StartAsync(3);
        using Socket client = await service.ConnectAsync();
        await service.PrintsLikeAsync("logs: Open, 0 restarts, 1 connections, …");

        await service.WriteLineAsync();
        await service.PrintsLikeAsync(Block(3, "text"));
        await client.SendAsync("a line\n"u8.ToArray());
        client.Shutdown(SocketShutdown.Send);

        Assert.Equal(0, await client.ReceiveAsync(new byte[1]).Within("the connection closes in order"));
    }

    [SkippableFact]
    public async Task Stage_4_stores_every_line_after_crashes_of_its_store()
    {
        ForeignProgram.Require("python3", "python3");
        using TempDirectory directory = new();
        using ServerProgram service = await StartAsync(4, directory.Path);
        await service.ListensAsync();

        Task<string> client = SendAsync(4);
        await service.PrintsLikeAsync(Block(4, "text"));
        Assert.False(client.IsCompleted);
        Directory.CreateDirectory(directory["store"]);

        Assert.Equal("closed in order", await client);
        Assert.Equal(["one", "two", "three"], await File.ReadAllLinesAsync(directory["store/lines.txt"]));
    }

    [SkippableFact]
    public async Task Stage_5_reports_its_health()
    {
        ForeignProgram.Require("python3", "python3");
        using TempDirectory directory = new();
        using HttpClient http = new();
        using ServerProgram service = await StartAsync(5, directory.Path, "--urls", "http://127.0.0.1:0");
        await service.ListensAsync();
        Uri health = new($"{await service.PrintsAfterAsync("Now listening on: ")}/health");

        await ReportsAsync("Healthy");
        Task<string> client = SendAsync(4);
        await ReportsAsync("Degraded");
        Directory.CreateDirectory(directory["store"]);
        await ReportsAsync("Healthy");

        Assert.Equal("closed in order", await client);
        Assert.Contains("`Healthy`", Section(5), StringComparison.Ordinal);
        Assert.Contains("`Degraded`", Section(5), StringComparison.Ordinal);

        async Task ReportsAsync(string expected)
        {
            string reported = "";
            await Deadline.UntilAsync(
                async () =>
                {
                    try
                    {
                        reported = await http.GetStringAsync(health);
                    }
                    catch (HttpRequestException exception)
                    {
                        reported = exception.Message;
                    }

                    return reported == expected;
                },
                () => $"the health is {expected}, but it is {reported}");
        }
    }

    [Fact]
    public async Task Stage_6_tests_the_service_with_faults()
    {
        SamplePrograms programs = await folder.ProgramsAsync();

        string output = await programs.RunAsync(Stage(6).Name, "--facts");

        Assert.EndsWith("passed: Lines_are_stored_once_although_queue_and_store_fail", output, StringComparison.Ordinal);
    }

    private static ProgramStage Stage(int number) => Assert.Single(SampleSuite.Stages, stage => stage.Number == number && stage.Name.StartsWith(DocumentSample.NameOf(Document), StringComparison.Ordinal));

    private static string Section(int number) => Regex.Match(Text, $@"^## {number}\. .*?(?=^## )", RegexOptions.Multiline | RegexOptions.Singleline, TimeSpan.FromSeconds(10)).Value;

    // Returns the code block in a language. The section must contain exactly one.
    private static string Block(int section, string language) => Assert.Single(
        Regex.Matches(Section(section), $@"^```{language}\n(?<text>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(10))).Groups["text"].Value;

    private async Task<ServerProgram> StartAsync(int stage, string? directory = null, params string[] arguments) =>
        (await folder.ProgramsAsync()).Start(Stage(stage).Name, directory, arguments);

    /// <summary>Runs the client of a section, and returns what it prints.</summary>
    private async Task<string> SendAsync(int section)
    {
        SamplePrograms programs = await folder.ProgramsAsync();
        (int exitCode, string printed) = await ForeignProgram.ExecuteAsync("exec python3 -c \"$1\"", programs.WithPort(Block(section, "python")));
        Assert.True(exitCode == 0, printed);
        return printed;
    }
}
