namespace Zcrx.Interop.Emulation;

/// <summary>Represents adjacent bytes of a stream that wait in a socket, and the memory that holds them.</summary>
/// <param name="Count">The number of bytes.</param>
/// <param name="Owner">The interface queue whose memory holds the bytes; null for kernel memory, from which every queue can copy.</param>
/// <param name="RxQueue">The RX queue that the bytes arrived on.</param>
internal readonly record struct LandedBytes(long Count, EmulatedInterfaceQueue? Owner, int RxQueue);
