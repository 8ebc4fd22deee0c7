namespace Zcrx.Interop.Queues;

/// <summary>Represents the facts that explain why a registration was refused.</summary>
/// <param name="Interface">The name of the interface; null when there is none or it is unknown.</param>
/// <param name="RxQueue">The index of the RX queue. Ignored in device-less mode.</param>
/// <param name="DeviceLess">Whether the registration is without a NIC.</param>
/// <param name="RxBufferLength">The requested buffer length in bytes; 0 for the kernel's default, the page size.</param>
/// <param name="AreaBytes">The area's length in bytes.</param>
/// <param name="RefillEntries">The requested number of refill entries.</param>
/// <param name="Notifications">Whether notifications or statistics were requested.</param>
/// <param name="Capabilities">The capabilities of the kernel.</param>
/// <param name="Host">The permissions of this process.</param>
/// <param name="IsDmaBuf">Whether the area is a dma-buf.</param>
internal readonly record struct RegistrationFacts(
    string? Interface,
    uint RxQueue,
    bool DeviceLess,
    uint RxBufferLength,
    ulong AreaBytes,
    uint RefillEntries,
    bool Notifications,
    ZcrxCapabilities Capabilities,
    HostFacts Host,
    bool IsDmaBuf = false)
{
    /// <summary>
    /// The largest number of refill entries that the kernel accepts. If the ring was set up with the flag CLAMP, the kernel reduces larger
    /// numbers to this one. Without the flag, the kernel refuses them.
    /// </summary>
    public const uint MaxRefillEntries = 32768;

    /// <summary>Gets a description of the operation, with which the error message starts.</summary>
    public string Operation =>
        DeviceLess ? "Registering a device-less queue" : FormattableString.Invariant($"Registering RX queue {RxQueue} of {Name}");

    /// <summary>Gets the name of the interface for messages; <c>the interface</c> when the name is unknown.</summary>
    public string Name => string.IsNullOrEmpty(Interface) ? "the interface" : Interface;

    /// <summary>Gets a value indicating whether a buffer length other than the page size was requested.</summary>
    public bool OwnBufferLength => RxBufferLength != 0 && RxBufferLength != (uint)Host.PageSize;
}
