namespace Zcrx.Rx;

/// <summary>What receives: the choice of kernel and kind of queue.</summary>
public enum ZcrxEngine
{
    /// <summary>The best that the configuration, the kernel and the permissions allow: NIC, else device-less, else emulated.</summary>
    Auto,

    /// <summary>An RX queue of a NIC; the only engine that can receive without copying.</summary>
    Nic,

    /// <summary>The kernel's zcrx without a device: the kernel copies into the area. Linux 7.1 or newer.</summary>
    DeviceLess,

    /// <summary>The same in managed code over ordinary sockets. Any Linux kernel, no privileges.</summary>
    Emulated,
}
