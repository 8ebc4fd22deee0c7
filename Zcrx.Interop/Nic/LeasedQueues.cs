namespace Zcrx.Interop.Nic;

/// <summary>Finds leased queues on which containers receive, as far as the host can determine it. Pure.</summary>
internal static class LeasedQueues
{
    /// <summary>
    /// Returns an RX queue that a new table would use although a container receives on it; null when there is none. Other sockets cannot
    /// read packets in the memory of the container.
    /// </summary>
    public static int? FirstReferenced(NicFacts facts, IReadOnlyList<int> table) => facts.Queues
        .FirstOrDefault(queue => queue is { Lease: not null, Provider: not (RxMemoryProvider.Kernel or RxMemoryProvider.Leased) } && table.Contains(queue.Index) && !facts.RssTable.Contains(queue.Index))
        ?.Index;
}
