using System.Globalization;

namespace Zcrx.Interop;

/// <summary>Represents the lease of a physical RX queue to a queue of a virtual interface (netkit), usually one inside a container.</summary>
/// <remarks>While it lasts, a zero-copy queue can be registered on the virtual queue only. It ends with the virtual interface.</remarks>
/// <param name="InterfaceIndex">Index of the virtual interface in its network namespace.</param>
/// <param name="Queue">The virtual RX queue.</param>
/// <param name="NamespaceId">The id of that network namespace, as <c>ip netns list-id</c> lists it; null when it is the namespace of the physical interface.</param>
public sealed record RxQueueLease(uint InterfaceIndex, int Queue, int? NamespaceId)
{
    /// <summary>Returns a description of the virtual queue, for messages.</summary>
    /// <returns>Such as <c>queue 1 of the interface with index 8 in network namespace 0</c>.</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"queue {Queue} of the interface with index {InterfaceIndex} in {(NamespaceId is { } id ? $"network namespace {id}" : "this network namespace")}");
}
