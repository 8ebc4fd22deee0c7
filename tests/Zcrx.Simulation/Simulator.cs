namespace Zcrx.Simulation;

/// <summary>Runs a simulation from a seed or from a list of decisions.</summary>
internal static class Simulator
{
    /// <summary>Runs the simulation of a seed.</summary>
    public static SimulationResult Run(int seed, bool keepsLines = false)
    {
        Random random = new(seed);
        SimulationProfile profile = SimulationProfile.Of(random);
        return Run(seed, profile, new DecisionMaker(random, profile).MakeAll(), keepsLines);
    }

    /// <summary>Runs a list of decisions.</summary>
    public static SimulationResult Run(int seed, SimulationProfile profile, IReadOnlyList<Decision> decisions, bool keepsLines)
    {
        using NoSynchronizationContext context = new();
        using SimulatedWorld world = new(profile, keepsLines);
        Exception? failure = null;
        try
        {
            DecisionExecution execution = new(world);
            Invariants invariants = new(world);
            for (int i = 0; i < profile.Queues; i++)
            {
                world.Open().RunUntilAsleep();
            }

            foreach (Decision decision in decisions)
            {
                execution.Execute(decision);
                invariants.Check();
            }

            new Settlement(world, execution, invariants).Run();
        }
#pragma warning disable CA1031 // The exception is the result of the simulation.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failure = exception;
            world.Log.AddEvent($"FAILED: {exception.Message}");
        }

        return new SimulationResult(seed, profile, decisions, failure, world.Log.Hash, world.Queues.Sum(static queue => queue.Turns), world.Clock.Elapsed, world.Log.Lines);
    }

    /// <summary>Removes decisions from a failing simulation while it still fails with the same kind of message.</summary>
    public static SimulationResult Reduce(SimulationResult failed)
    {
        List<Decision> decisions = [.. failed.Decisions];
        for (int part = decisions.Count / 2; part > 0; part /= 2)
        {
            for (int start = decisions.Count - part; start >= 0; start -= part)
            {
                List<Decision> fewer = [.. decisions[..start], .. decisions[(start + part)..]];
                if (Run(failed.Seed, failed.Profile, fewer, keepsLines: false).Failure is { } failure && KindOf(failure) == KindOf(failed.Failure!))
                {
                    decisions = fewer;
                    start = int.Min(start, decisions.Count);
                }
            }
        }

        return Run(failed.Seed, failed.Profile, decisions, keepsLines: true);
    }

    /// <summary>Returns the first sentence of the message without its digits.</summary>
    private static string KindOf(Exception failure) => new([.. failure.Message.Split(". ")[0].Where(static character => !char.IsDigit(character))]);
}
