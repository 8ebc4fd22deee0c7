namespace Zcrx.Interop;

/// <summary>Describes one RX queue.</summary>
/// <param name="Index">The queue's index.</param>
/// <param name="NapiId">
/// The NAPI instance that polls it; 0 when the interface does not report one. A queue that a netkit interface has leased reports the NAPI instance of the physical queue.
/// </param>
/// <param name="Provider">The owner of the memory that its packets land in.</param>
public sealed record RxQueueFacts(int Index, uint NapiId, RxMemoryProvider Provider)
{
    /// <summary>
    /// Gets the lease of this physical queue to a virtual interface; null without one. The kernel reports it on the physical queue only.
    /// </summary>
    public RxQueueLease? Lease { get; init; }
}
