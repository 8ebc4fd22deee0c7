namespace Zcrx.Stress;

/// <summary>Represents the options of a run.</summary>
/// <param name="Duration">The time for which each scenario runs.</param>
/// <param name="Seed">The seed of all random choices.</param>
/// <param name="Threads">The number of threads besides the ring thread.</param>
/// <param name="Only">The scenarios to run. If it is empty, all of them run.</param>
internal sealed record StressOptions(TimeSpan Duration, int Seed, int Threads, IReadOnlyList<string> Only);
