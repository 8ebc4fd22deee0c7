namespace Zcrx.Interop;

/// <summary>Counts the work of one RX queue of an emulated interface.</summary>
/// <param name="ZeroCopyPackets">Packets whose payload landed in the memory of an interface queue.</param>
/// <param name="ZeroCopyBytes">Their bytes.</param>
/// <param name="CopiedBytes">Bytes that arrived here for an interface queue on another RX queue, and were copied.</param>
/// <param name="Drops">How often packets were dropped because no buffer was free; TCP sends them again.</param>
public readonly record struct EmulatedRxQueueCounters(long ZeroCopyPackets, long ZeroCopyBytes, long CopiedBytes, long Drops);
