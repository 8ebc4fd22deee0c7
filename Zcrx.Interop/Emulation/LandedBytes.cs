namespace Zcrx.Interop.Emulation;

/// <summary>Represents adjacent bytes of a stream that wait in their socket and lie in one memory.</summary>
/// <param name="Count">The number of bytes.</param>
/// <param name="Owner">The owner of the memory; null for the kernel's own, which every queue can copy from.</param>
/// <param name="RxQueue">The RX queue that they arrived on.</param>
internal readonly record struct LandedBytes(long Count, EmulatedInterfaceQueue? Owner, int RxQueue);
