namespace Zcrx.Simulation;

/// <summary>Thrown deliberately on a ring thread.</summary>
internal sealed class SimulatedCrashException() : Exception("a ring thread that fails");
