using System.Text.RegularExpressions;
using Ingest.Tests.Support;

namespace Ingest.Tests.Demo;

/// <summary>Tests the command <c>demo</c> as a whole: both processes, all bytes, the verdict and the exit code.</summary>
public class DemoTests
{
    [Theory]
    [InlineData("8 of 8 streams intact, 8.0 MiB in ", "--volume", "1MiB")]
    [InlineData("1 of 1 stream intact, 0 B in ", "--connections", "1", "--volume", "0")]
    [InlineData("3 of 3 streams intact, 3 B in ", "--connections", "3", "--volume", "1")]
    [InlineData("100 of 100 streams intact, ", "--connections", "100", "--volume", "65537", "--queues", "2")]
    [InlineData("8 of 8 streams intact, ", "--volume", "300KiB", "--area", "8KiB")]
    [InlineData("2 of 2 streams intact, ", "--connections", "2", "--volume", "40MiB", "--engine", "emulated", "--seed", "7")]
    public async Task Every_stream_is_intact(string verdict, params string[] arguments)
    {
        ProcessResult result = await IngestProcess.RunAsync(["demo", .. arguments]);

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.StartsWith(verdict, result.Output[^1], StringComparison.Ordinal);
        Assert.StartsWith("Engine ", result.Output[0], StringComparison.Ordinal);
        Assert.Empty(result.Error);
    }

    [Fact]
    public async Task Slow_consumers_exhaust_the_pool_pause_the_senders_and_lose_nothing()
    {
        ProcessResult result = await IngestProcess.RunAsync("demo", "--slow", "--engine", "emulated");

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.StartsWith("8 of 8 streams intact, 32.0 MiB in ", result.Output[^1], StringComparison.Ordinal);
        Assert.Equal("Copied by the kernel: 100%, 32.0 MiB of 32.0 MiB", result.Output[^3]);
        Match pressure = Regex.Match(result.Output[^2], "^Pressure up to Exhausted, for [0-9.]+ s: (?<pauses>[0-9]+) pauses, (?<resumptions>[0-9]+) resumptions$", RegexOptions.ExplicitCapture, Deadline.Limit);
        Assert.True(pressure.Success, result.ToString());
        Assert.Equal(pressure.Groups["pauses"].Value, pressure.Groups["resumptions"].Value);
        Assert.Contains(result.Output, line => Regex.IsMatch(line, "of 64 buffers out, pressure (High|Exhausted), [1-8] paused, [1-9][0-9]* resumed", RegexOptions.ExplicitCapture, Deadline.Limit));
    }

    [Fact]
    public async Task Storm_ends_by_moves_and_steering_and_every_stream_is_intact()
    {
        ProcessResult result = await IngestProcess.RunAsync("demo", "--storm");

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.StartsWith("64 of 64 streams intact, ", result.Output[^1], StringComparison.Ordinal);
        Assert.Matches("^Rebalancing: [0-9]+ connections placed, [1-9][0-9]* moved to the queue with their bytes, [0-9]+ moved by plan, [1-9][0-9]* flows steered, 0 degraded$", result.Output[^2]);
        Assert.Matches(@"^Storm at [0-9.]+ s: RSS table of enic0 scrambled over 8 queues, 4 of them ours; copied up to [1-9][0-9]*% of what a queue received, permanently below 1% after [0-9.]+ s$", result.Output[^3]);
        Assert.Contains(result.Error, static line => line.Contains("packets arrive on other RX queues", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("moves", "permanently below 1% after", "0 moved by plan, [1-9][0-9]* flows steered, 0 degraded")]
    [InlineData("steering", "; nothing was copied", "[1-9][0-9]* moved to the queue with their bytes, 0 moved by plan, 0 flows steered, 0 degraded")]
    [InlineData("both", ", and still at the end", "0 moved by plan, 0 flows steered, [1-9][0-9]* degraded")]
    public async Task Storm_with_forbidden_remedies_ends_by_the_permitted_ones_or_is_reported_as_lasting(string forbidden, string ending, string done)
    {
        ProcessResult result = await IngestProcess.RunAsync("demo", "--storm", "--connections", "16", "--pace", "512KiB", "--forbid", forbidden);

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.StartsWith("16 of 16 streams intact, ", result.Output[^1], StringComparison.Ordinal);
        Assert.Contains(ending, result.Output[^3], StringComparison.Ordinal);
        Assert.Matches(done, result.Output[^2]);
        IEnumerable<string> degraded = result.Error.Where(static line => line.Contains("is copied permanently", StringComparison.Ordinal));
        Assert.Equal(degraded.Distinct(), degraded);
        Assert.Equal(forbidden == "both", degraded.Any());
    }

    [Fact]
    public async Task Output_that_is_not_a_terminal_has_no_escape_sequences()
    {
        ProcessResult result = await IngestProcess.RunAsync("demo", "--volume", "64MiB");

        Assert.Equal(0, result.ExitCode);
        Assert.All(result.Output, line => Assert.DoesNotContain('\u001b', line));
    }

    [SkippableFact]
    public async Task Output_to_a_terminal_has_tables()
    {
        ForeignProgram.Require("script", "bsdutils");
        // `script` opens a pseudo-terminal, which is impossible in a container without a devpts file system.
        (int exitCode, string output) = await ForeignProgram.ExecuteAsync("exec script -qec true /dev/null < /dev/null");
        Skip.If(exitCode != 0, $"no pseudo-terminal is available (is devpts mounted on /dev/pts?): {output}");
        using TempDirectory directory = new();

        // TERM must name a real terminal. Otherwise, the demo prints lines instead of tables.
        await ForeignProgram.RunAsync("TERM=xterm exec script -qec \"stty rows 40 cols 100; dotnet exec '$1' demo --volume 1MiB\" \"$2\" < /dev/null > /dev/null", IngestProcess.Program, directory["screen"]);

        string screen = await File.ReadAllTextAsync(directory["screen"]);
        Assert.Contains("8 of 8 streams intact", screen, StringComparison.Ordinal);
        Assert.All(["connection", "buffers out", "re-arms", "\u256d"], part => Assert.Contains(part, screen, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Demo_whose_sender_stops_fails_after_the_stall_timeout()
    {
        using IngestProcess demo = StartLong("--stall-after", "1s");
        int sender = await SenderOfAsync(demo);

        Signals.Send(sender, Signals.Stop);
        ProcessResult result = await demo.ExitAsync();

        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith("FAILED: stalled, nothing arrived for 1.0 s: 0 of 2 streams intact", result.Output[^1], StringComparison.Ordinal);
        await Deadline.UntilAsync(() => !Signals.IsAlive(sender), () => "the sender has ended too");
    }

    [Fact]
    public async Task Demo_whose_sender_is_killed_fails()
    {
        using IngestProcess demo = StartLong();
        int sender = await SenderOfAsync(demo);

        Signals.Send(sender, Signals.Kill);
        ProcessResult result = await demo.ExitAsync();

        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith("FAILED: 0 of 2 streams intact", result.Output[^1], StringComparison.Ordinal);
        Assert.Contains(result.Output, line => line.Contains("the sender reports 0 streams instead of 2", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Signals.Interrupt)]
    [InlineData(Signals.Terminate)]
    public async Task Signal_fails_the_demo_and_ends_its_sender(int signal)
    {
        using IngestProcess demo = StartLong();
        int sender = await SenderOfAsync(demo);

        demo.Send(signal);
        ProcessResult result = await demo.ExitAsync();

        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith("FAILED: interrupted: 0 of 2 streams intact", result.Output[^1], StringComparison.Ordinal);
        await Deadline.UntilAsync(() => !Signals.IsAlive(sender), () => "the sender has ended too");
    }

    private static IngestProcess StartLong(params string[] arguments) =>
        IngestProcess.Start(["demo", "--connections", "2", "--volume", "512GiB", .. arguments]);

    /// <summary>Waits until bytes arrive, and returns the id of the process that sends them.</summary>
    private static async Task<int> SenderOfAsync(IngestProcess demo)
    {
        await demo.LineAsync(line => line.Contains("2 streams, 0 complete", StringComparison.Ordinal), "the demo receives");
        return Assert.Single(Signals.ChildrenOf(demo.Id));
    }
}
