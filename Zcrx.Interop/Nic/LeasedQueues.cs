namespace Zcrx.Interop.Nic;

/// <summary>Finds leased RX queues on which containers receive. The host can determine this only in part. Pure.</summary>
internal static class LeasedQueues
{
    /// <summary>
    /// Finds an RX queue on which a container receives, and which the new RSS table uses but the current table does not. Returns null when
    /// there is none. Packets on this queue arrive in the container's memory, which other sockets cannot read.
    /// </summary>
    public static int? FirstReferenced(NicFacts facts, IReadOnlyList<int> table) => facts.Queues
        .FirstOrDefault(queue => queue is { Lease: not null, Provider: not (RxMemoryProvider.Kernel or RxMemoryProvider.Leased) } && table.Contains(queue.Index) && !facts.RssTable.Contains(queue.Index))
        ?.Index;
}
