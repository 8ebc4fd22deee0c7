using System.Globalization;

namespace Zcrx.Interop;

/// <summary>
/// Represents a dma-buf into which a queue receives. It is memory of a device, or ordinary memory through <c>/dev/udmabuf</c>.
/// </summary>
/// <remarks>
/// The dma-buf must be mappable, because the processor reads the bytes. It must be coherent with the device, as on x86, because Zcrx never
/// calls <c>DMA_BUF_IOCTL_SYNC</c>. Pages are not zeroed before use, so user space can read their previous contents.
/// </remarks>
/// <param name="Descriptor">The descriptor of the dma-buf. The caller owns it, and may close it once the queue is registered.</param>
/// <param name="Length">The number of bytes to use, at most <see cref="MaxLength"/>. Must be whole pages.</param>
/// <param name="Offset">The position of the first byte to use. Must be whole pages.</param>
public sealed record DmaBufArea(int Descriptor, nuint Length, nuint Offset = 0)
{
    /// <summary>
    /// Gets the largest length, 4 GiB. Kernels before 7.3.3 compute offsets in 32 bits, which gives wrong addresses beyond 4 GiB. No
    /// capability shows whether a kernel has the fix, so larger areas are refused on every kernel.
    /// </summary>
    public static nuint MaxLength => unchecked((nuint)(1UL << 32));

    /// <summary>Gets the reason why <see cref="Length"/> is refused; null when it is accepted.</summary>
    internal string? WhyTooLong => Length > MaxLength
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"must be at most {MaxLength} bytes (4 GiB), but is {Length}: kernels before 7.3.3 deliver wrong bytes from beyond, and no capability shows which kernel does")
        : null;
}
