namespace Zcrx.Interop;

/// <summary>What an interface queue is registered with.</summary>
public sealed record InterfaceQueueOptions
{
    /// <summary>Name of the network interface whose queue is taken, or null for the device-less mode.</summary>
    public string? Interface { get; init; }

    /// <summary>Index of the RX queue on that interface.</summary>
    public uint RxQueue { get; init; }

    /// <summary>Size of the area that receives payload, in bytes; rounded up to whole pages. At most 1 GiB.</summary>
    public nuint AreaSize { get; init; } = 64 * 1024 * 1024;

    /// <summary>Entries of the refill queue; rounded up to a power of two by the kernel. 1 to 32768; 0 for one per page of the area, as far as that goes.</summary>
    public uint RefillEntries { get; init; }

    /// <summary>Size of a buffer in bytes, a power of two of at least a page; 0 for a page.</summary>
    /// <remarks>
    /// More than a page needs a NIC that can, Linux 7.0, and an area that lies together in memory: <see cref="HugePages"/>. Where a NIC's queue cannot have it,
    /// buffers are pages, and <see cref="InterfaceQueue.WhyPageBuffers"/> says why. Without a NIC it is refused.
    /// </remarks>
    public uint RxBufferLength { get; init; }

    /// <summary>Whether the area lies on 2 MiB huge pages, which must have been reserved.</summary>
    public bool HugePages { get; init; }

    /// <summary>
    /// Whether area and refill queue lie in files without a name (memfd) that another process can map, and not in memory of this process's own: what a queue needs
    /// that is to go on in another process.
    /// </summary>
    public bool SharedMemory { get; init; }

    /// <summary>A dma-buf to receive into instead of memory of this process; then <see cref="AreaSize"/> and <see cref="HugePages"/> say nothing. Only on a NIC.</summary>
    public DmaBufArea? DmaBuf { get; init; }

    /// <summary>The <c>user_data</c> of notification completions.</summary>
    public ulong NotificationUserData { get; init; }

    /// <summary>Whether to note where each lease was taken. Slow; for finding leases that are never released.</summary>
    public bool RecordLeaseOrigins { get; init; }

    /// <summary>Gets a value indicating whether each access to borrowed memory is checked, so that a use after <c>OnNext</c> throws. Allocates for each buffer; for tests.</summary>
    public bool CheckBorrows { get; init; }
}
