namespace Zcrx.Interop;

/// <summary>Describes one RX queue.</summary>
/// <param name="Index">The queue's index.</param>
/// <param name="NapiId">
/// The NAPI instance that polls the queue; 0 when the interface does not report one. A virtual queue of a netkit interface reports the NAPI
/// instance of the physical queue.
/// </param>
/// <param name="Provider">The provider of the memory into which the queue receives packets.</param>
public sealed record RxQueueFacts(int Index, uint NapiId, RxMemoryProvider Provider)
{
    /// <summary>
    /// Gets the lease of this physical queue to a virtual interface; null when the queue is not leased. The kernel reports a lease on the
    /// physical queue only.
    /// </summary>
    public RxQueueLease? Lease { get; init; }
}
