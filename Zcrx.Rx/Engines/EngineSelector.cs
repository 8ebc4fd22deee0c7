using Zcrx.Interop;

namespace Zcrx.Rx.Engines;

/// <summary>
/// Chooses the engine from the options, the capabilities of the kernel and the permissions of the process. Has no side effects.
/// </summary>
/// <remarks>
/// <see cref="ZcrxEngine.Auto"/> skips an engine only if the kernel does not support it, or if the process is not permitted to use it. Any
/// later failure, such as a busy queue or an unsuitable interface, is an error that the user must see.
/// </remarks>
internal static class EngineSelector
{
    /// <param name="requested">The configured engine.</param>
    /// <param name="networkInterface">The configured interface; null for none.</param>
    /// <param name="rxQueue">The RX queue of the interface.</param>
    /// <param name="capabilities">The capabilities of the machine's kernel.</param>
    /// <param name="host">The permissions of this process.</param>
    /// <param name="whyNoIoUring">Returns why this process cannot use io_uring without zcrx; null when it can.</param>
    public static EngineChoice Choose(
        ZcrxEngine requested, string? networkInterface, uint rxQueue, ZcrxCapabilities capabilities, HostFacts host, Func<string?> whyNoIoUring)
    {
        if (requested == ZcrxEngine.IoUring && whyNoIoUring() is { } withoutIoUring)
        {
            return new EngineChoice(ZcrxEngine.Emulated, $"not io_uring, which is configured, because {withoutIoUring}");
        }

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
