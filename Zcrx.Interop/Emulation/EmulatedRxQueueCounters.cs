namespace Zcrx.Interop;

/// <summary>Counts the work of one RX queue of an emulated interface.</summary>
/// <param name="ZeroCopyPackets">Packets whose payload landed in the memory of an interface queue.</param>
/// <param name="ZeroCopyBytes">Bytes of these packets.</param>
/// <param name="CopiedBytes">Bytes that arrived on this RX queue and were copied for an interface queue on another RX queue.</param>
/// <param name="Drops">The number of drops for lack of a free buffer. TCP sends the packets again.</param>
public readonly record struct EmulatedRxQueueCounters(long ZeroCopyPackets, long ZeroCopyBytes, long CopiedBytes, long Drops);
