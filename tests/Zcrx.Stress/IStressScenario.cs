namespace Zcrx.Stress;

/// <summary>Represents a scenario that repeats one kind of misuse or one race.</summary>
internal interface IStressScenario
{
    string Name { get; }

    /// <summary>Gets the name of what <see cref="Run"/> counts.</summary>
    string Unit => "operations";

    /// <summary>Runs the scenario until its time is over. Throws if it fails.</summary>
    /// <returns>The number of operations, or of whatever <see cref="Unit"/> names.</returns>
    long Run(StressRun run);
}
