using System.CommandLine;

namespace Zcrx.Stress;

/// <summary>Defines the command line.</summary>
internal static class StressCommandLine
{
    public static int Run(string[] args)
    {
        Option<int> seconds = new("--seconds") { Description = "How long each scenario runs.", HelpName = "N", DefaultValueFactory = static _ => 10 };
        Option<int> seed = new("--seed") { Description = "The seed of all random choices; random if not given.", HelpName = "N", DefaultValueFactory = static _ => Random.Shared.Next() };
        Option<int> threads = new("--threads") { Description = "Threads beside the ring threads, or rounds at the same time.", HelpName = "N", DefaultValueFactory = static _ => int.Max(2, Environment.ProcessorCount) };
        Option<int> patience = new("--patience") { Description = "The time in seconds after which a wait counts as a failure.", HelpName = "N", DefaultValueFactory = static _ => (int)Deadline.Limit.TotalSeconds };
        Option<string[]> only = new("--only") { Description = $"A scenario, one of {string.Join(", ", StressRunner.Names)}; may be given several times. All if not given.", HelpName = "NAME", DefaultValueFactory = static _ => [] };
        only.Validators.Add(result =>
        {
            foreach (string unknown in result.GetValueOrDefault<string[]>()?.Except(StressRunner.Names) ?? [])
            {
                result.AddError($"'{unknown}' is not a scenario. Scenarios: {string.Join(", ", StressRunner.Names)}.");
            }
        });
        RootCommand command = new("Misuses leases, borrowed buffers and operators on many threads, repeats races between queues, connections and observers, and checks that nothing breaks. Exit code 0 if all scenarios pass.") { seconds, seed, threads, patience, only };
        command.SetAction(parsed =>
        {
            Deadline.Limit = TimeSpan.FromSeconds(int.Max(1, parsed.GetValue(patience)));
            return StressRunner.Run(
                new StressOptions(TimeSpan.FromSeconds(int.Max(1, parsed.GetValue(seconds))), parsed.GetValue(seed), int.Max(1, parsed.GetValue(threads)), parsed.GetValue(only) ?? []), Console.Out);
        });
        return command.Parse(args).Invoke();
    }
}
