namespace Zcrx.Interop;

/// <summary>
/// Leases RX queues of physical interfaces to virtual interfaces inside containers. Needs Linux 7.1 and netkit interfaces.
/// </summary>
/// <remarks>Can be used on any thread. A call that fails changes nothing.</remarks>
public interface IQueueLeasing
{
    /// <summary>
    /// Leases an RX queue to an interface inside a container. That interface gets an additional RX queue, which represents the leased one.
    /// </summary>
    /// <param name="interfaceName">The physical interface, in the network namespace of the calling thread.</param>
    /// <param name="queue">The RX queue of the physical interface.</param>
    /// <param name="to">The netkit interface inside the container.</param>
    /// <returns>
    /// The index of the additional RX queue of the container's interface. If the queue is already leased to that interface, no further RX
    /// queue is created, and the index of the existing one is returned.
    /// </returns>
    /// <remarks>A lease ends when the container's interface is deleted. The kernel has no command that ends it earlier.</remarks>
    /// <exception cref="ZcrxException">The queue cannot be leased. The message states the cause.</exception>
    int Lease(string interfaceName, int queue, ContainerInterface to);
}
