using System.Globalization;

namespace Zcrx.Interop;

/// <summary>
/// Represents the lease of a physical RX queue to a queue of a virtual interface (netkit), usually one inside a container.
/// </summary>
/// <remarks>
/// During a lease, a zero-copy queue can be registered only on the virtual queue. The lease ends when the virtual interface is deleted.
/// </remarks>
/// <param name="InterfaceIndex">The index of the virtual interface in its own network namespace.</param>
/// <param name="Queue">The index of the RX queue on the virtual interface.</param>
/// <param name="NamespaceId">
/// The id of the virtual interface's network namespace, as <c>ip netns list-id</c> prints it; null when the physical interface is in the
/// same namespace.
/// </param>
public sealed record RxQueueLease(uint InterfaceIndex, int Queue, int? NamespaceId)
{
    /// <summary>Returns a description of the virtual queue, for messages.</summary>
    /// <returns>For example <c>queue 1 of the interface with index 8 in network namespace 0</c>.</returns>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"queue {Queue} of the interface with index {InterfaceIndex} in {(NamespaceId is { } id ? $"network namespace {id}" : "this network namespace")}");
}
