namespace Zcrx.Chaos.Soak;

/// <summary>Thrown by a consumer because of an injected fault.</summary>
internal sealed class ChaosConsumerException() : Exception("a consumer that fails");
