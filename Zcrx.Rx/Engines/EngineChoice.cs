using Zcrx.Interop;
using Zcrx.Rx.Engines;

namespace Zcrx.Rx;

/// <summary>Represents the chosen engine and the reason for the choice.</summary>
/// <param name="Engine">The engine; never <see cref="ZcrxEngine.Auto"/>.</param>
/// <param name="Reason">The reason as one clause for a log line. It says why this engine was chosen, and why preferred engines were
/// not.</param>
public sealed record EngineChoice(ZcrxEngine Engine, string Reason)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {Reason}";

    /// <summary>Returns the engine that a queue with these options would use on this machine and in this process. Opens nothing.</summary>
    /// <param name="options">The options. Only engine, interface and RX queue matter.</param>
    /// <returns>The choice that <see cref="ZcrxQueue.OpenAsync(ZcrxQueueOptions, CancellationToken)"/> would make now.</returns>
    public static EngineChoice For(ZcrxQueueOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        HostFacts host = HostFacts.Read();
        return EngineSelector.Choose(options.Engine, options.Interface, (uint)options.RxQueue, ZcrxCapabilities.Query(new LinuxKernel()), host, () => MultishotKernel.WhyNot(host));
    }

    /// <summary>Returns the network interfaces as the kernel of a queue with this engine sees them.</summary>
    /// <param name="options">The options of the queue.</param>
    /// <returns>The interfaces, among them the one that the options name.</returns>
    public INicControl NicsOf(ZcrxQueueOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return CreateKernel(options).Nics;
    }

    /// <summary>Creates the kernel for a queue with this engine.</summary>
    /// <param name="options">The options of the queue.</param>
    internal INicKernel CreateKernel(ZcrxQueueOptions options) => Engine switch
    {
        // A queue closes a socket only after the requests that use it have ended, so the kernel need not duplicate the descriptor.
        ZcrxEngine.Emulated => options.Emulation.Kernel ?? new EmulatedKernel(options.Emulation, callerKeepsSockets: true),
        ZcrxEngine.IoUring => new MultishotKernel(options.Emulation with { Nics = [] }, callerKeepsSockets: true),
        _ => new LinuxKernel(),
    };

    /// <summary>
    /// Returns the engine's name as on the command line: <c>nic</c>, <c>device-less</c>, <c>io_uring</c>, <c>emulated</c>.
    /// </summary>
    public string Name => Engine switch
    {
        ZcrxEngine.Nic => "nic",
        ZcrxEngine.DeviceLess => "device-less",
        ZcrxEngine.IoUring => "io_uring",
        ZcrxEngine.Emulated => "emulated",
        _ => "auto",
    };
}
