using Zcrx.Interop.Nic;

namespace Zcrx.Interop.Emulation;

/// <summary>Provides the network interfaces of an emulated kernel.</summary>
/// <param name="nics">The interfaces, as in <see cref="EmulatedKernelOptions.Nics"/>.</param>
internal sealed class EmulatedNics(IReadOnlyList<EmulatedNic> nics) : INicControl
{
    public INicFacts Facts { get; } = new EmulatedNicFacts(nics);

    public IFlowSteering Steering { get; } = new EmulatedFlowSteering(nics);

    /// <summary>Gets false. The interfaces are objects of this process, so changes to them are lost when the process ends.</summary>
    public bool ChangesOutliveProcess => false;

    /// <inheritdoc/>
    /// <remarks>
    /// Returns the interface object, because two emulated interfaces may have the same name. An interface that is removed and restored
    /// stays the same object.
    /// </remarks>
    public object? Identify(string interfaceName)
    {
        ArgumentException.ThrowIfNullOrEmpty(interfaceName);
        return nics.FirstOrDefault(nic => nic.Name == interfaceName);
    }

    public IDisposable WatchLink(string interfaceName, Action<LinkChange> changed)
    {
        ArgumentException.ThrowIfNullOrEmpty(interfaceName);
        ArgumentNullException.ThrowIfNull(changed);
        if (nics.FirstOrDefault(nic => nic.Name == interfaceName) is { } nic)
        {
            return nic.WatchLink(changed);
        }

        changed(new LinkChange(interfaceName, LinkState.Removed));
        return new Ending(static () => { });
    }
}
