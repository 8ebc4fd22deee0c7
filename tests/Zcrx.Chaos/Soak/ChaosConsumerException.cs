namespace Zcrx.Chaos.Soak;

/// <summary>The exception that a consumer throws when it is told to fail.</summary>
internal sealed class ChaosConsumerException() : Exception("a consumer that fails");
