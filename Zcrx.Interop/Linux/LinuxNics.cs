using Zcrx.Interop.Kernel;
using Zcrx.Interop.Nic;
using Zcrx.Interop.Nic.Netlink;

namespace Zcrx.Interop.Linux;

/// <summary>Provides the network interfaces of this machine over netlink, in the network namespace of the calling thread.</summary>
internal sealed class LinuxNics : INicControl
{
    public INicFacts Facts { get; } = new NetlinkNicFacts();

    public IFlowSteering Steering { get; } = new NetlinkFlowSteering();

    public bool ChangesOutliveProcess => true;

    public object? Identify(string interfaceName)
    {
        ArgumentException.ThrowIfNullOrEmpty(interfaceName);
        return interfaceName;
    }

    public IDisposable WatchLink(string interfaceName, Action<LinkChange> changed)
    {
        ArgumentException.ThrowIfNullOrEmpty(interfaceName);
        ArgumentNullException.ThrowIfNull(changed);
        int index = Libc.InterfaceIndex(interfaceName);
        if (index > 0)
        {
            return LinkMonitor.WatchShared(interfaceName, (uint)index, changed);
        }

        changed(new LinkChange(interfaceName, LinkState.Removed));
        return new Ending(static () => { });
    }
}
