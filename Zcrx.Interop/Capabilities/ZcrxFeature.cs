namespace Zcrx.Interop;

/// <summary>Something that a kernel's zero-copy receive can or cannot do; see <see cref="ZcrxCapabilities.Support"/>.</summary>
public enum ZcrxFeature
{
    /// <summary>Receiving into the memory of a NIC's RX queue (Linux 6.15).</summary>
    NicQueue,

    /// <summary>Receiving without a NIC queue: the kernel copies into the area (Linux 7.1).</summary>
    DeviceLess,

    /// <summary>Choosing a buffer length other than the page (Linux 7.0, and a device that can).</summary>
    RxBufferLength,

    /// <summary>Areas in device memory, given as a dma-buf (asked for since Linux 6.19).</summary>
    DmaBufArea,

    /// <summary>Notifications about an empty pool and about copies, re-armed after each (Linux 7.2).</summary>
    Notifications,

    /// <summary>Copy counters in shared memory (Linux 7.2).</summary>
    Statistics,

    /// <summary>Making the kernel consume the refill ring at once (Linux 6.19).</summary>
    Flush,

    /// <summary>A descriptor that keeps a queue open by itself (Linux 6.19).</summary>
    Export,

    /// <summary>A second ring on a queue that was exported (Linux 6.19).</summary>
    Import,

    /// <summary>Further areas for a queue that is already registered (Linux 7.3).</summary>
    AddArea,
}
