namespace Zcrx.Simulation;

/// <summary>Thrown deliberately by observers.</summary>
internal sealed class ConsumerException() : Exception("a consumer that fails");
