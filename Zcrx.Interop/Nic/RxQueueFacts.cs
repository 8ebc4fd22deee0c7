namespace Zcrx.Interop;

/// <summary>Describes the state of one RX queue.</summary>
/// <param name="Index">The index of the queue on its interface.</param>
/// <param name="NapiId">
/// The id of the NAPI instance that polls the queue; 0 when the interface does not report one. A virtual queue of a netkit interface has
/// the NAPI id of its physical queue.
/// </param>
/// <param name="Provider">The memory into which the queue receives packets.</param>
public sealed record RxQueueFacts(int Index, uint NapiId, RxMemoryProvider Provider)
{
    /// <summary>
    /// Gets the queue of a virtual interface (such as netkit) to which this queue is leased. Null if this queue is not leased, or itself
    /// belongs to a virtual interface.
    /// </summary>
    public RxQueueLease? Lease { get; init; }
}
