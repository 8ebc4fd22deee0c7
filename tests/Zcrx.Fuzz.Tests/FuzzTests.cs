using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Zcrx.Fuzz.Targets;

namespace Zcrx.Fuzz.Tests;

/// <summary>Runs each parser on generated input in a process of its own. <c>ZCRX_FUZZ_SECONDS</c> sets the duration.</summary>
public sealed class FuzzTests : IDisposable
{
    private readonly string _findings = Directory.CreateTempSubdirectory("zcrx-fuzz-findings-").FullName;

    public static TheoryData<string> Parsers => [.. FuzzRunner.Names];

    public void Dispose() => Directory.Delete(_findings, recursive: true);

    [Theory]
    [MemberData(nameof(Parsers))]
    public async Task Generated_input_has_only_documented_effects(string parser)
    {
        int seconds = int.TryParse(Environment.GetEnvironmentVariable("ZCRX_FUZZ_SECONDS"), NumberStyles.None, CultureInfo.InvariantCulture, out int wanted) ? wanted : 3;
        (int exitCode, string report) = await RunAsync(seconds, "--duration", $"{seconds}s", "--unguided", "--parser", parser);

        Assert.True(exitCode == 0, $"exit code {exitCode}: {report}");
        Assert.Contains($"PASS {parser} ", report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Coverage_of_instrumented_libraries_adds_inputs_to_the_corpus()
    {
        (int exitCode, string report) = await RunAsync(3, "--duration", "3s", "--parser", "netlink");

        Assert.True(exitCode == 0, $"exit code {exitCode}: {report}");
        Assert.Contains("guided by coverage", report, StringComparison.Ordinal);
        Match corpus = Regex.Match(report, @", (?<kept>[\d,]+) in the corpus\]", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(10));
        Assert.True(corpus.Success, report);
        Assert.True(int.Parse(corpus.Groups["kept"].Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture) > new NetlinkTarget().Seeds.Count, report);
    }

    private async Task<(int ExitCode, string Report)> RunAsync(int seconds, params string[] arguments)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { "exec", Path.Combine(AppContext.BaseDirectory, "Zcrx.Fuzz.dll"), "--findings", _findings },
        };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        try
        {
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(seconds + 300));
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return (process.ExitCode, await output + await errors);
    }
}
