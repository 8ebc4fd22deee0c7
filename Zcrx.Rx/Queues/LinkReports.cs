using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Queues;

/// <summary>
/// Reports changes of the interface of a queue, and fails the queue if the interface was removed. An interface that is down needs no
/// action, because TCP handles it.
/// </summary>
internal sealed class LinkReports(QueueEvents events, int rxQueue, RingThread thread)
{
    /// <summary>Handles a change on the ring thread. Thread-safe.</summary>
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
