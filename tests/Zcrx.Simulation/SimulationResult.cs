namespace Zcrx.Simulation;

/// <summary>Represents the outcome of one simulation.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Profile">The profile that the seed selects.</param>
/// <param name="Decisions">The decisions that were executed.</param>
/// <param name="Failure">The violated invariant, or null.</param>
/// <param name="Hash">The hash of all events.</param>
/// <param name="Turns">The number of turns of all ring threads.</param>
/// <param name="Time">The virtual time of the simulation.</param>
/// <param name="Lines">The recorded events; empty if only their hash was kept.</param>
internal sealed record SimulationResult(
    int Seed, SimulationProfile Profile, IReadOnlyList<Decision> Decisions, Exception? Failure, ulong Hash, long Turns, TimeSpan Time, IReadOnlyList<string> Lines);
