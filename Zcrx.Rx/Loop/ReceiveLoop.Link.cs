using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Nic.Netlink;

namespace Zcrx.Rx.Loop;

/// <content>The interface whose queue this is may go away. Nothing is posted to armed receives then, so somebody has to look.</content>
internal sealed unsafe partial class ReceiveLoop
{
    private IDisposable? _linkWatch;

    /// <summary>Given back once the queue is closed, and before anybody hears of that; null for nothing.</summary>
    public IDisposable? Ending { get; init; }

    private void WatchLink()
    {
        if (!_isOnNic)
        {
            return;
        }

        string name = _options.Interface!;
        if (_kernel is EmulatedKernel emulated)
        {
            _linkWatch = emulated.Options.Nics.FirstOrDefault(nic => nic.Name == name)?.WatchLink(OnLinkChanged);
            return;
        }

        int index = _kernel.InterfaceIndex(name);
        // Gone since it was registered.
        _linkWatch = index > 0 ? LinkMonitor.WatchShared(name, (uint)index, OnLinkChanged) : null;
        if (index <= 0)
        {
            OnLinkChanged(new LinkChange(name, LinkState.Removed));
        }
    }

    /// <summary>On whichever thread noticed. Up and down are only told: TCP sees to the rest.</summary>
    private void OnLinkChanged(LinkChange change) => Post(() =>
    {
        _events.LinkChanged(change);
        if (change.State == LinkState.Removed)
        {
            throw new ZcrxDeviceException(
                $"Receiving on RX queue {_options.RxQueue} of {change.Interface}",
                Errno.ENODEV,
                $"the interface {change.Interface} was removed while receiving, or moved to another network namespace",
                "Bring it back (load its driver, plug it in); the queue can be opened again then");
        }
    });
}
