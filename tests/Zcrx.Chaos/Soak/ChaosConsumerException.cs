namespace Zcrx.Chaos.Soak;

/// <summary>Thrown by a consumer whose fault the run has injected.</summary>
internal sealed class ChaosConsumerException() : Exception("a consumer that fails");
