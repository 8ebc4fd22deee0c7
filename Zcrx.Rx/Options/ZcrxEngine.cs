using System.Text.Json.Serialization;

namespace Zcrx.Rx;

/// <summary>Specifies the engine of a queue: which kernel receives, and whether from a NIC.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ZcrxEngine>))]
public enum ZcrxEngine
{
    /// <summary>Selects the best engine that configuration, kernel and permissions allow: NIC, else device-less, else emulated.</summary>
    Auto,

    /// <summary>An RX queue of a NIC. The only engine that receives without copying.</summary>
    Nic,

    /// <summary>The kernel's zcrx without a device: the kernel copies into the area. Linux 7.1 or newer.</summary>
    DeviceLess,

    /// <summary>The emulation in managed code over ordinary sockets. Any Linux kernel, no privileges.</summary>
    Emulated,

    /// <summary>
    /// The io_uring of a kernel without zcrx: multishot receives into provided buffers. Linux 6.1 or newer, no privileges. Where io_uring
    /// is forbidden, the queue is emulated, and <see cref="ZcrxQueue.Engine"/> gives the reason.
    /// </summary>
    IoUring,
}
