namespace Zcrx.Stress;

/// <summary>Represents one kind of misuse, or one race.</summary>
internal interface IStressScenario
{
    string Name { get; }

    /// <summary>Runs until the time is over. Throws when something went wrong.</summary>
    /// <returns>How many operations were performed.</returns>
    long Run(StressRun run);
}
