namespace Zcrx.Stress;

/// <summary>Represents one kind of misuse, or one race.</summary>
internal interface IStressScenario
{
    string Name { get; }

    /// <summary>Gets what the result of <see cref="Run"/> counts.</summary>
    string Unit => "operations";

    /// <summary>Runs until the time is over. Throws when something went wrong.</summary>
    /// <returns>The number of operations, or of what <see cref="Unit"/> names.</returns>
    long Run(StressRun run);
}
