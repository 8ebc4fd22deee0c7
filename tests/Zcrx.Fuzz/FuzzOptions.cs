namespace Zcrx.Fuzz;

/// <summary>Represents the options of a run.</summary>
/// <param name="Duration">The time for which each parser runs.</param>
/// <param name="Seed">The seed of all inputs.</param>
/// <param name="Findings">The directory into which inputs that fail are written.</param>
internal sealed record FuzzOptions(TimeSpan Duration, int Seed, string Findings)
{
    /// <summary>Gets the time after which an input counts as one that never ends.</summary>
    public TimeSpan HangLimit { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Gets the maximum number of inputs, or null for no limit.</summary>
    public long? MaxInputs { get; init; }
}
