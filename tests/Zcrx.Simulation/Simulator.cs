namespace Zcrx.Simulation;

/// <summary>Runs a simulation from a seed or from a list of decisions.</summary>
internal static class Simulator
{
    /// <summary>Runs the simulation of a seed.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="keepsLines">True to keep the events, and not only their hash.</param>
    /// <param name="allowsOperators">
    /// False to observe all connections on ring threads. The seeds of earlier defects found them so. Otherwise half of the seeds have operators.
    /// </param>
    public static SimulationResult Run(int seed, bool keepsLines = false, bool allowsOperators = true)
    {
        Random random = new(seed);
        SimulationProfile profile = SimulationProfile.Of(random);
        Random variant = new(~seed);
        if (allowsOperators && variant.Next(2) == 0)
        {
            profile = profile.WithOperators();
        }

        if (allowsOperators && variant.Next(10) == 0)
        {
            profile = profile.WithActors(variant);
        }

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
            Open(world);

            foreach (Decision decision in decisions)
            {
                execution.Execute(decision);
                world.PassTime();
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

    /// <summary>Opens the queues, or starts the actors that open them.</summary>
    private static void Open(SimulatedWorld world)
    {
        if (!world.Profile.UsesActors)
        {
            for (int i = 0; i < world.Profile.Queues; i++)
            {
                world.Open().RunUntilAsleep();
            }

            return;
        }

        world.StartTree();
        while (world.Threads.TryRunPool())
        {
            world.Queues.ForEach(static queue => queue.RunUntilAsleep());
        }

        if (!world.Tree!.AreOpen)
        {
            throw world.Fail($"the actors do not open their queues: {world.Tree.Describe()}");
        }
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
