namespace Zcrx.Interop.Queues;

/// <summary>What a registration asked for, and of whom: everything that helps to explain its refusal.</summary>
/// <param name="Interface">The interface's name, or null when there is none or it has no name.</param>
/// <param name="RxQueue">The RX queue's index; meaningless device-less.</param>
/// <param name="DeviceLess">Whether the registration is without a NIC.</param>
/// <param name="RxBufferLength">The buffer length asked for in bytes; 0 for the kernel's default, the page.</param>
/// <param name="AreaBytes">The area's length in bytes.</param>
/// <param name="RefillEntries">The number of refill entries asked for.</param>
/// <param name="Notifications">Whether notifications or statistics were asked for.</param>
/// <param name="Capabilities">What the kernel says it can do.</param>
/// <param name="Host">What this process may do.</param>
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
    /// <summary>More than this the kernel refuses, unless the ring was told to clamp.</summary>
    public const uint MaxRefillEntries = 32768;

    /// <summary>The start of the sentence.</summary>
    public string Operation =>
        DeviceLess ? "Registering a device-less queue" : FormattableString.Invariant($"Registering RX queue {RxQueue} of {Name}");

    /// <summary>The interface, for the middle of a sentence.</summary>
    public string Name => string.IsNullOrEmpty(Interface) ? "the interface" : Interface;

    /// <summary>A buffer length that differs from the page was asked for.</summary>
    public bool OwnBufferLength => RxBufferLength != 0 && RxBufferLength != (uint)Host.PageSize;
}
