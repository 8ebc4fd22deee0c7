namespace Zcrx.Simulation;

/// <summary>Thrown by observers on purpose.</summary>
internal sealed class ConsumerException() : Exception("a consumer that fails");
