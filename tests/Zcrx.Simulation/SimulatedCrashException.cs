namespace Zcrx.Simulation;

/// <summary>Thrown on a ring thread on purpose.</summary>
internal sealed class SimulatedCrashException() : Exception("a ring thread that fails");
