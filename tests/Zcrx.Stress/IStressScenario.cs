namespace Zcrx.Stress;

/// <summary>Represents a scenario with one kind of misuse or one race.</summary>
internal interface IStressScenario
{
    string Name { get; }

    /// <summary>Gets the name of the operations that <see cref="Run"/> counts.</summary>
    string Unit => "operations";

    /// <summary>Runs until the time is over. Throws on a failure.</summary>
    /// <returns>The number of operations, or of the items that <see cref="Unit"/> names.</returns>
    long Run(StressRun run);
}
