namespace Zcrx.Interop;

/// <summary>Counts the work of one RX queue of an emulated interface.</summary>
/// <param name="ZeroCopyPackets">The number of packets whose payload arrived in the memory of an interface queue.</param>
/// <param name="ZeroCopyBytes">The number of payload bytes in these packets.</param>
/// <param name="CopiedBytes">
/// The number of bytes that arrived on this RX queue and were copied for an interface queue on another RX queue.
/// </param>
/// <param name="Drops">The number of times that packets were dropped because no buffer was free. TCP sends dropped packets again.</param>
public readonly record struct EmulatedRxQueueCounters(long ZeroCopyPackets, long ZeroCopyBytes, long CopiedBytes, long Drops);
