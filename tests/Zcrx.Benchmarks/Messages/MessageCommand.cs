using System.CommandLine;
using Zcrx.Benchmarks.Charts;
using Zcrx.Benchmarks.Comparison;

namespace Zcrx.Benchmarks.Messages;

/// <summary>Defines the command line of the comparison of small messages.</summary>
internal static class MessageCommand
{
    public static Task<int> RunAsync(string[] args)
    {
        MessageOptions usual = MessageOptions.Usual;
        Option<bool> brief = new("--short") { Description = "Three rounds with shorter measurements." };
        Option<int?> rounds = new("--rounds") { Description = "How often each case runs; medians are printed." };
        Option<double?> seconds = new("--seconds") { Description = "The length of a measurement." };
        Option<string[]> servers = new("--servers") { Description = "The servers.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [.. usual.Servers] };
        Option<int[]> connections = new("--connections") { Description = "The connections of closed loops.", AllowMultipleArgumentsPerToken = true };
        Option<int?> rate = new("--rate") { Description = "The requests per second of an open loop with 64 connections." };
        Option<int?> idle = new("--idle") { Description = "The connections of a load of which 16 are busy." };
        Option<DirectoryInfo?> charts = new("--charts") { Description = "The directory for charts." };
        servers.AcceptOnlyFromAmong([.. MessageServerKind.All.Select(static kind => kind.Name)]);
        RootCommand command = new("Compares servers of small messages: requests of 128 bytes, replies of 32 bytes.") { brief, rounds, seconds, servers, connections, rate, idle, charts };
        command.SetAction(async (parsed, _) =>
        {
            MessageOptions start = parsed.GetValue(brief) ? MessageOptions.Brief : usual;
            // If no load is chosen, all of them run.
            MessageScenario[] chosen =
            [
                .. (parsed.GetValue(connections) ?? []).Select(MessageScenario.ClosedLoop),
                .. parsed.GetValue(rate) is { } paced ? [new MessageScenario(64, 64, paced)] : Array.Empty<MessageScenario>(),
                .. parsed.GetValue(idle) is { } many ? [new MessageScenario(many, 16, 0)] : Array.Empty<MessageScenario>(),
            ];
            MessageOptions options = start with
            {
                Rounds = parsed.GetValue(rounds) ?? start.Rounds,
                Duration = parsed.GetValue(seconds) is { } length ? TimeSpan.FromSeconds(length) : start.Duration,
                Servers = parsed.GetRequiredValue(servers),
                Scenarios = chosen.Length > 0 ? chosen : start.Scenarios,
            };
            try
            {
                MessageReport report = new(options, await new MessageRunner(options).RunAsync());
                Console.WriteLine();
                Console.Write(report.Tables());
                if (parsed.GetValue(charts) is { } directory)
                {
                    ChartFiles.Write(directory.FullName, report.Charts());
                }

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
}
