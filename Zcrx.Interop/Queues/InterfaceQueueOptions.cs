namespace Zcrx.Interop;

/// <summary>Specifies how an interface queue is registered.</summary>
public sealed record InterfaceQueueOptions
{
    /// <summary>Gets the name of the network interface, or null for the device-less mode.</summary>
    public string? Interface { get; init; }

    /// <summary>Gets the index of the RX queue on the interface.</summary>
    public uint RxQueue { get; init; }

    /// <summary>Gets the size of the area that receives payload, in bytes. Rounded up to whole pages. At most 1 GiB.</summary>
    public nuint AreaSize { get; init; } = 64 * 1024 * 1024;

    /// <summary>
    /// Gets the number of refill entries, 1 to 32768. The kernel rounds up to a power of two. 0 means one for each page of the area, and at
    /// most 32768.
    /// </summary>
    public uint RefillEntries { get; init; }

    /// <summary>Gets the length of a buffer in bytes. Must be a power of two and at least a page. 0 means a page.</summary>
    /// <remarks>
    /// A length above a page needs Linux 7.0, a NIC that supports it, and a contiguous area (<see cref="HugePages"/>). If the NIC's queue
    /// does not support the length, buffers are pages, and <see cref="InterfaceQueue.WhyPageBuffers"/> contains the reason. Without a NIC,
    /// the registration fails.
    /// </remarks>
    public uint RxBufferLength { get; init; }

    /// <summary>Gets a value indicating whether the area uses huge pages of 2 MiB, which the administrator must have reserved.</summary>
    public bool HugePages { get; init; }

    /// <summary>
    /// Gets a value indicating whether the area and the refill queue are in unnamed files (memfd), which another process can map. Required
    /// for a takeover of the queue by another process.
    /// </summary>
    public bool SharedMemory { get; init; }

    /// <summary>
    /// Gets a dma-buf to receive into instead of memory of this process. <see cref="AreaSize"/> and <see cref="HugePages"/> are then
    /// ignored. Requires a NIC.
    /// </summary>
    public DmaBufArea? DmaBuf { get; init; }

    /// <summary>Gets the <c>user_data</c> of notification completions.</summary>
    public ulong NotificationUserData { get; init; }

    /// <summary>
    /// Gets a value indicating whether the stack trace of each lease is recorded, to find leases that are never released. Slow.
    /// </summary>
    public bool RecordLeaseOrigins { get; init; }

    /// <summary>
    /// Gets a value indicating whether each access to borrowed memory is checked, so that an access after <c>OnNext</c> throws. For tests,
    /// because each buffer needs an allocation.
    /// </summary>
    public bool CheckBorrows { get; init; }
}
