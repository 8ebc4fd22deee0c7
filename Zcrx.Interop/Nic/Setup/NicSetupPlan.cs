using System.Globalization;
using Zcrx.Interop.Abi;

namespace Zcrx.Interop.Nic.Setup;

/// <summary>Decides whether a queue can be claimed, and computes the RSS table without the claimed queues. Pure.</summary>
internal static class NicSetupPlan
{
    /// <summary>Returns why a queue cannot be claimed without affecting other owners; null when it can.</summary>
    /// <param name="facts">The state of the interface.</param>
    /// <param name="claimed">All claimed queues of this process, including <paramref name="queue"/>.</param>
    /// <param name="queue">The queue to claim.</param>
    /// <param name="isLease">Whether the queue is or will be leased to a container.</param>
    public static ZcrxException? WhyNot(NicFacts facts, IReadOnlySet<int> claimed, int queue, bool isLease = false)
    {
        string operation = string.Create(CultureInfo.InvariantCulture, $"Setting up {facts.Name} for RX queue {queue}");
        if (facts.IsNetkit)
        {
            return new ZcrxUnsupportedException(
                operation,
                Errno.EOPNOTSUPP,
                $"{facts.Name} is a netkit interface: header/data split and steering belong to the host of this container",
                "Leave ConfigureNic off here; on the host, `Ingest lease` or NicSetup.LeaseQueue sets the NIC up and leases the queue");
        }

        if (queue >= facts.Queues.Count)
        {
            return new ZcrxDeviceException(operation, Errno.ERANGE, string.Create(CultureInfo.InvariantCulture, $"{facts.Name} has {facts.Queues.Count} RX queues, counted from 0"), $"Choose another one, or add channels with `ethtool -L {facts.Name}`");
        }

        if (!isLease && facts.Queues[queue].Lease is { } lease)
        {
            return new ZcrxQueueBusyException(
                operation, Errno.EBUSY, $"the queue is leased to {lease}", "Register on that queue, inside the container that has the interface, or choose another queue");
        }

        // Memory of an io_uring queue is accepted, because it may be that of a dead process, which the kernel releases soon. The
        // registration retries until then, or reports the failure.
        if (facts.Queues[queue].Provider is not (RxMemoryProvider.Kernel or RxMemoryProvider.IoUring or RxMemoryProvider.Leased))
        {
            return new ZcrxQueueBusyException(operation, Errno.EEXIST, "the queue receives into the memory of another owner", "Stop the process that uses it, or choose another queue");
        }

        if (facts.HasXdp)
        {
            return new ZcrxQueueBusyException(operation, Errno.EEXIST, $"an XDP program is attached to {facts.Name}", $"Detach it with `ip link set dev {facts.Name} xdp off`");
        }

        if (facts.Queues.All(other => claimed.Contains(other.Index)))
        {
            return new ZcrxDeviceException(
                operation, 0, string.Create(CultureInfo.InvariantCulture, $"this process would use all {facts.Queues.Count} RX queues of {facts.Name} and leave none for other traffic"), $"Use fewer, or add channels with `ethtool -L {facts.Name}`");
        }

        if (facts.RssContexts.Count > 0)
        {
            return new ZcrxDeviceException(
                operation, 0, $"{facts.Name} has RSS contexts ({string.Join(", ", facts.RssContexts)}), which may send traffic to any queue", $"Set the interface up manually, or remove them with `ethtool -X {facts.Name} context N delete`");
        }

        return facts.RssTable.Count == 0
            ? new ZcrxUnsupportedException(operation, Errno.EOPNOTSUPP, $"{facts.Name} has no RSS table from which a queue could be removed", "Set the interface up manually, as its vendor documents")
            : null;
    }

    /// <summary>
    /// Returns an RSS table without the claimed queues. Their hash buckets are distributed over the other queues in turn. Other buckets
    /// keep their queue.
    /// </summary>
    /// <param name="facts">The state of the interface.</param>
    /// <param name="original">The table before the first claim.</param>
    /// <param name="claimed">The claimed queues.</param>
    public static IReadOnlyList<int> Carve(NicFacts facts, IReadOnlyList<int> original, IReadOnlySet<int> claimed)
    {
        if (!original.Any(claimed.Contains))
        {
            return original;
        }

        // Use the unclaimed queues of the original table. If it has none, use all unclaimed queues of the interface.
        int[] targets = [.. original.Distinct().Where(queue => !claimed.Contains(queue)).Order()];
        if (targets.Length == 0)
        {
            targets = [.. facts.Queues.Where(queue => !claimed.Contains(queue.Index) && queue.Provider == RxMemoryProvider.Kernel).Select(static queue => queue.Index)];
        }

        int next = 0;
        return targets.Length == 0 ? original : [.. original.Select(queue => claimed.Contains(queue) ? targets[next++ % targets.Length] : queue)];
    }
}
