using Zcrx.Interop.Queues;
using Zcrx.Interop.Tests.Kernel;

namespace Zcrx.Interop.Tests.Errors;

/// <summary>Contains the facts of typical registrations, from which error messages are made. Tests change single values.</summary>
internal static class Facts
{
    public static HostFacts Root { get; } = new()
    {
        KernelRelease = "7.2.12",
        PageSize = 4096,
        EffectiveCapabilities = ulong.MaxValue,
        LockedMemoryLimit = 8 << 20,
    };

    public static HostFacts User { get; } = Root with { EffectiveCapabilities = 0 };

    public static ZcrxCapabilities Linux618 { get; } = ZcrxCapabilities.Query(KernelRows.Linux618);

    public static ZcrxCapabilities Linux619 { get; } = ZcrxCapabilities.Query(KernelRows.Linux619);

    public static ZcrxCapabilities Linux71 { get; } = ZcrxCapabilities.Query(KernelRows.Linux71);

    public static ZcrxCapabilities Linux72 { get; } = ZcrxCapabilities.Query(KernelRows.Linux72);

    /// <summary>Gets the facts of a registration on RX queue 3 of eth0, on Linux 7.2 with notifications.</summary>
    public static RegistrationFacts Nic { get; } = new(
        Interface: "eth0",
        RxQueue: 3,
        DeviceLess: false,
        RxBufferLength: 0,
        AreaBytes: 64 << 20,
        RefillEntries: 4096,
        Notifications: true,
        Linux72,
        Root);

    /// <summary>Gets the facts of a registration without a device, on Linux 7.2 with notifications.</summary>
    public static RegistrationFacts DeviceLess { get; } = Nic with { Interface = null, RxQueue = 0, DeviceLess = true };
}
