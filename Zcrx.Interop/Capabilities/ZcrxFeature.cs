namespace Zcrx.Interop;

/// <summary>Specifies a feature of a kernel's zero-copy receive; see <see cref="ZcrxCapabilities.Support"/>.</summary>
public enum ZcrxFeature
{
    /// <summary>Receiving into the memory of a NIC's RX queue (Linux 6.15).</summary>
    NicQueue,

    /// <summary>Receiving without a NIC queue: the kernel copies into the area (Linux 7.1).</summary>
    DeviceLess,

    /// <summary>Choosing a buffer length other than the page size (Linux 7.0, and a device that supports it).</summary>
    RxBufferLength,

    /// <summary>Areas in device memory, passed as a dma-buf (reported since Linux 6.19).</summary>
    DmaBufArea,

    /// <summary>
    /// Notifications about an empty pool and about copies. A notification fires once and can then be armed again (Linux 7.2).
    /// </summary>
    Notifications,

    /// <summary>Copy counters in shared memory (Linux 7.2).</summary>
    Statistics,

    /// <summary>Making the kernel consume the refill ring at once (Linux 6.19).</summary>
    Flush,

    /// <summary>Exporting a queue as a descriptor that keeps it open (Linux 6.19).</summary>
    Export,

    /// <summary>Using an exported queue on a second ring (Linux 6.19).</summary>
    Import,

    /// <summary>Adding areas to a registered queue (Linux 7.3).</summary>
    AddArea,
}
