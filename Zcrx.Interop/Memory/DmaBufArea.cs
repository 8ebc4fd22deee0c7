using System.Globalization;

namespace Zcrx.Interop;

/// <summary>Memory that somebody else exports as a dma-buf (a device's, or ordinary memory through <c>/dev/udmabuf</c>), as the area of a queue.</summary>
/// <remarks>
/// Streams read the bytes with the processor, so it must be possible to map the dma-buf, and the processor must see what the device writes without
/// being told (as on x86; <c>DMA_BUF_IOCTL_SYNC</c> is not called). Pages that are not zeroed are read as they are.
/// </remarks>
/// <param name="Descriptor">The dma-buf. It remains the caller's, and may be closed once the queue is registered.</param>
/// <param name="Length">How much of it, in bytes; whole pages, at most <see cref="MaxLength"/>.</param>
/// <param name="Offset">From where on, in bytes; whole pages.</param>
public sealed record DmaBufArea(int Descriptor, nuint Length, nuint Offset = 0)
{
    /// <summary>
    /// Gets the largest length, 4 GiB. Kernels before 7.3.3 compute offsets above it in 32 bits, and the bytes would come from another place. No capability
    /// shows whether a kernel has the fix, so larger areas are refused on every kernel.
    /// </summary>
    public static nuint MaxLength => unchecked((nuint)(1UL << 32));

    /// <summary>Explains why an area of this length is refused; null when it is not.</summary>
    internal string? WhyTooLong => Length > MaxLength
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"must be at most {MaxLength} bytes (4 GiB), but is {Length}: kernels before 7.3.3 deliver wrong bytes from beyond, and no capability shows which kernel does")
        : null;
}
