using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Queues;

/// <summary>
/// Publishes changes of the queue's network interface, and fails the queue if the interface was removed. When the interface is down, TCP
/// retransmits and no action is needed.
/// </summary>
internal sealed class LinkReports(QueueEvents events, int rxQueue, RingThread thread)
{
    /// <summary>Passes a change of the interface to the ring thread, which handles it. Thread-safe.</summary>
    public void OnChanged(LinkChange change) => thread.Post(() =>
    {
        events.LinkChanged(change);
        if (change.State == LinkState.Removed)
        {
            throw new ZcrxDeviceException(
                $"Receiving on RX queue {rxQueue} of {change.Interface}",
                Errno.ENODEV,
                $"the interface {change.Interface} was removed while receiving, or moved to another network namespace",
                "Restore the interface (load its driver, plug it in), then open the queue again");
        }
    });
}
