namespace Zcrx.Interop;

/// <summary>Memory that somebody else exports as a dma-buf (a device's, or ordinary memory through <c>/dev/udmabuf</c>), as the area of a queue.</summary>
/// <remarks>
/// Streams read the bytes with the processor, so it must be possible to map the dma-buf, and the processor must see what the device writes without
/// being told (as on x86; <c>DMA_BUF_IOCTL_SYNC</c> is not called). Pages that are not zeroed are read as they are.
/// </remarks>
/// <param name="Descriptor">The dma-buf. It remains the caller's, and may be closed once the queue is registered.</param>
/// <param name="Length">How much of it, in bytes; whole pages.</param>
/// <param name="Offset">From where on, in bytes; whole pages.</param>
public sealed record DmaBufArea(int Descriptor, nuint Length, nuint Offset = 0);
