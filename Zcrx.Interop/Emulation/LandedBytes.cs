namespace Zcrx.Interop.Emulation;

/// <summary>Bytes of a stream that lie together in one memory and wait in their socket.</summary>
/// <param name="Count">How many.</param>
/// <param name="Owner">Whose memory; null for the kernel's own, which every queue can copy from.</param>
/// <param name="RxQueue">The RX queue that they arrived on.</param>
internal readonly record struct LandedBytes(long Count, EmulatedInterfaceQueue? Owner, int RxQueue);
