namespace Zcrx.Simulation;

/// <summary>Thrown when an invariant does not hold.</summary>
internal sealed class SimulationException(string message, Exception? inner = null) : Exception(message, inner);
