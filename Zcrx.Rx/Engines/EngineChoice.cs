using Zcrx.Interop;
using Zcrx.Rx.Engines;

namespace Zcrx.Rx;

/// <summary>Which engine was chosen, and why, in words for a log line.</summary>
/// <param name="Engine">Never <see cref="ZcrxEngine.Auto"/>.</param>
/// <param name="Reason">One clause: what spoke for it, and what against the better ones.</param>
public sealed record EngineChoice(ZcrxEngine Engine, string Reason)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {Reason}";

    /// <summary>What a queue with these options would be opened on, on this machine and by this process. Opens nothing.</summary>
    /// <param name="options">The options; only engine, interface and RX queue matter.</param>
    /// <returns>The choice that <see cref="ZcrxQueue.OpenAsync(ZcrxQueueOptions, CancellationToken)"/> would make now.</returns>
    public static EngineChoice For(ZcrxQueueOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return EngineSelector.Choose(options.Engine, options.Interface, (uint)options.RxQueue, ZcrxCapabilities.Query(new LinuxKernel()), HostFacts.Read());
    }

    /// <summary>Returns the network interfaces of the kernel that a queue with this engine is registered with.</summary>
    /// <param name="options">The options of the queue.</param>
    /// <returns>The interfaces, among them the one that the options name.</returns>
    public INicControl NicsOf(ZcrxQueueOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        INicKernel kernel = Engine == ZcrxEngine.Emulated ? new EmulatedKernel(options.Emulation) : new LinuxKernel();
        return kernel.Nics;
    }

    /// <summary>The engine's name as on the command line: <c>nic</c>, <c>device-less</c>, <c>emulated</c>.</summary>
    public string Name => Engine switch
    {
        ZcrxEngine.Nic => "nic",
        ZcrxEngine.DeviceLess => "device-less",
        ZcrxEngine.Emulated => "emulated",
        _ => "auto",
    };
}
