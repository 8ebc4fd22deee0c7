namespace Zcrx.Interop;

/// <summary>What is known of one RX queue.</summary>
/// <param name="Index">Its index.</param>
/// <param name="NapiId">The NAPI instance that polls it; 0 when the interface does not say.</param>
/// <param name="Provider">Whose memory its packets land in.</param>
public sealed record RxQueueFacts(int Index, uint NapiId, RxMemoryProvider Provider);
