using System.Globalization;

namespace Zcrx.Interop;

/// <summary>Represents a dma-buf as the area of a queue: memory of a device, or ordinary memory through <c>/dev/udmabuf</c>.</summary>
/// <remarks>
/// The processor reads the bytes, so the dma-buf must be mappable. It must be coherent with the device (as on x86), since
/// <c>DMA_BUF_IOCTL_SYNC</c> is not called. Pages are not zeroed: user space can read their previous contents.
/// </remarks>
/// <param name="Descriptor">The dma-buf. The caller owns it, and may close it once the queue is registered.</param>
/// <param name="Length">The length to use in bytes; whole pages, at most <see cref="MaxLength"/>.</param>
/// <param name="Offset">The first byte to use; whole pages.</param>
public sealed record DmaBufArea(int Descriptor, nuint Length, nuint Offset = 0)
{
    /// <summary>
    /// Gets the largest length, 4 GiB. Kernels before 7.3.3 compute offsets in 32 bits, so bytes beyond 4 GiB would come from a wrong
    /// address. No capability shows whether a kernel has the fix, so larger areas are refused on every kernel.
    /// </summary>
    public static nuint MaxLength => unchecked((nuint)(1UL << 32));

    /// <summary>Returns why an area of this length is refused, or null when it is accepted.</summary>
    internal string? WhyTooLong => Length > MaxLength
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"must be at most {MaxLength} bytes (4 GiB), but is {Length}: kernels before 7.3.3 deliver wrong bytes from beyond, and no capability shows which kernel does")
        : null;
}
