namespace Zcrx.Chaos.Soak;

/// <summary>Represents the failure that a fault makes a consumer throw.</summary>
internal sealed class ChaosConsumerException() : Exception("a consumer that fails");
