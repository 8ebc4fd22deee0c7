namespace Zcrx.Stress;

/// <summary>Represents what a run does.</summary>
/// <param name="Duration">How long each scenario runs.</param>
/// <param name="Seed">The seed of everything that is random.</param>
/// <param name="Threads">Threads beside the ring thread.</param>
/// <param name="Only">The scenarios to run; all if empty.</param>
internal sealed record StressOptions(TimeSpan Duration, int Seed, int Threads, IReadOnlyList<string> Only);
