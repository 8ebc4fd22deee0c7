using Zcrx.Interop;

namespace Zcrx.Rx.Engines;

/// <summary>Chooses the engine from the options, the capabilities of the kernel and the permissions of the process. Pure.</summary>
/// <remarks>
/// Auto falls back only on "unsupported" and "not permitted". Every later failure (a busy queue, a missing
/// interface, an invalid option) is an error that the user must see.
/// </remarks>
internal static class EngineSelector
{
    public static EngineChoice Choose(ZcrxEngine requested, string? networkInterface, uint rxQueue, ZcrxCapabilities capabilities, HostFacts host)
    {
        if (requested != ZcrxEngine.Auto)
        {
            return new EngineChoice(requested, "explicitly configured");
        }

        string? obstacle = host.WhyNoRegistration();
        string? withoutNic = null;
        if (networkInterface is not null)
        {
            withoutNic = WhyNotNic(capabilities) ?? obstacle;
            if (withoutNic is null)
            {
                return new EngineChoice(ZcrxEngine.Nic, $"RX queue {rxQueue} of {networkInterface} is configured, and the kernel has zcrx");
            }

            withoutNic = $"no NIC queue, because {withoutNic}; ";
        }

        string? withoutKernel = capabilities.WhyNot(ZcrxFeature.DeviceLess) ?? obstacle;
        return withoutKernel is null
            ? new EngineChoice(ZcrxEngine.DeviceLess, $"{withoutNic ?? "no interface is configured; "}{capabilities.Kernel} has the device-less mode")
            : new EngineChoice(ZcrxEngine.Emulated, $"{withoutNic ?? "no interface is configured; "}not device-less, because {withoutKernel}");
    }

    private static string? WhyNotNic(ZcrxCapabilities capabilities) => capabilities.WhyNot(ZcrxFeature.NicQueue);
}
