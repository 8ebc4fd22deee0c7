namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Finds the RX queue that a NAPI instance polls.</summary>
internal static class NapiQueue
{
    /// <summary>Finds the queue on which packets of a NAPI instance arrive, as seen in the session's network namespace.</summary>
    /// <remarks>
    /// A NAPI instance belongs to a physical interface. In a container's namespace, the queues that are leased to the container report the
    /// instance of their physical queue. If the physical and the virtual interface are in one namespace, the virtual queue is returned,
    /// since only it can have a zero-copy queue.
    /// </remarks>
    /// <returns>The queue; null when it is unknown.</returns>
    public static RxQueueId? Find(NetlinkSession session, uint napi)
    {
        bool isHere = session.GetNapi(napi, out NapiReply? reply).Succeeded;
        List<QueueReply> queues = [];
        if (isHere)
        {
            List<RxQueueFacts> ofInterface = [];
            _ = session.GetQueues(reply!.Index, ofInterface);
            queues.AddRange(ofInterface.Select(queue => new QueueReply(reply.Index, queue)));
        }
        else
        {
            _ = session.GetQueues(queues);
        }

        if (queues.Find(queue => queue.Queue.NapiId == napi) is not { } found)
        {
            return null;
        }

        (uint index, int number) = found.Queue.Lease is { NamespaceId: null } lease ? (lease.InterfaceIndex, lease.Queue) : (found.Index, found.Queue.Index);
        return session.GetLink(index, out LinkReply? link).Succeeded && link!.Name is { } name ? new RxQueueId(name, number) : null;
    }
}
