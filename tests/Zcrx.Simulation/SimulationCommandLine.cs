using System.CommandLine;
using System.Diagnostics;

namespace Zcrx.Simulation;

/// <summary>Defines the command line.</summary>
internal static class SimulationCommandLine
{
    public static int Run(string[] args)
    {
        Option<int?> seed = new("--seed") { Description = "Repeats one simulation and prints everything that happens in it.", HelpName = "N" };
        Option<int> seeds = new("--seeds") { Description = "The number of simulations to search.", HelpName = "N", DefaultValueFactory = static _ => 10_000 };
        Option<int> from = new("--from") { Description = "The first seed of a search.", HelpName = "N", DefaultValueFactory = static _ => 0 };
        Option<int> threads = new("--threads") { Description = "The number of simulations at the same time.", HelpName = "N", DefaultValueFactory = static _ => Environment.ProcessorCount };
        Option<bool> all = new("--all") { Description = "Runs all seeds, and lists every failure in a line, instead of printing the first one." };
        RootCommand command = new("Simulates whole queues on one thread with virtual time, and decides each interleaving and each fault from a seed. Exit code 0 if every invariant holds.") { seed, seeds, from, threads, all };
        command.Validators.Add(result =>
        {
            if ((long)result.GetValue(from) + result.GetValue(seeds) - 1 > int.MaxValue)
            {
                result.AddError($"The last seed is {int.MaxValue}: --from or --seeds is too large.");
            }
        });
        command.SetAction(parsed => parsed.GetValue(seed) is { } one
            ? Repeat(one, Console.Out)
            : Search(parsed.GetValue(from), int.Max(1, parsed.GetValue(seeds)), int.Max(1, parsed.GetValue(threads)), parsed.GetValue(all), Console.Out));
        return command.Parse(args).Invoke();
    }

    /// <summary>Searches seeds until one fails.</summary>
    private static int Search(int first, int count, int threads, bool runsAll, TextWriter output)
    {
        long start = Stopwatch.GetTimestamp();
        SimulationSearch search = SimulationSearch.Run(first, count, threads, runsAll);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        output.WriteLine(search.Describe(seconds));
        foreach (SimulationResult failure in search.Failures.OrderBy(static failure => failure.Seed))
        {
            output.WriteLine($"seed {failure.Seed} fails after {failure.Seed - first + 1} seeds: {failure.Failure!.Message}");
        }

        if (runsAll)
        {
            return search.Failures.Count > 0 ? 1 : 0;
        }

        if (search.Failures.MinBy(static failure => failure.Seed) is not { } failed)
        {
            return 0;
        }

        Print(Simulator.Reduce(failed), output);
        return 1;
    }

    private static int Repeat(int seed, TextWriter output)
    {
        SimulationResult result = Simulator.Run(seed, keepsLines: true);
        Print(result, output);
        return result.Failure is null ? 0 : 1;
    }

    private static void Print(SimulationResult result, TextWriter output)
    {
        SimulationProfile profile = result.Profile;
        output.WriteLine($"seed {result.Seed}: {profile.Name}, {profile.Buffers} buffers, {profile.BuffersPerTurn} a turn, {profile.Release.Name}{(profile.IsRough ? ", rough" : "")}; {result.Decisions.Count} decisions, {result.Turns} turns, hash {result.Hash:x16}");
        foreach (string line in result.Lines)
        {
            output.WriteLine(line);
        }

        if (result.Failure is { } failure and not SimulationException)
        {
            output.WriteLine(failure);
        }
    }
}
