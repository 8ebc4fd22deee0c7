using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Nic.Leasing;
using Zcrx.Interop.Nic.Netlink;

namespace Zcrx.Interop;

/// <summary>
/// Leases RX queues of the machine's network interfaces to netkit interfaces. Needs CAP_NET_ADMIN and CAP_SYS_ADMIN on the host.
/// </summary>
/// <remarks>Can be used on any thread. Finds the physical interface in the network namespace of the calling thread.</remarks>
public sealed class NetlinkQueueLeasing : IQueueLeasing
{
    /// <inheritdoc/>
    public int Lease(string interfaceName, int queue, ContainerInterface to)
    {
        ArgumentException.ThrowIfNullOrEmpty(interfaceName);
        ArgumentOutOfRangeException.ThrowIfNegative(queue);
        ArgumentNullException.ThrowIfNull(to);
        string operation = string.Create(CultureInfo.InvariantCulture, $"Leasing RX queue {queue} of {interfaceName} to {to}");
        (uint index, RxQueueLease? existing) = ReadQueue(operation, interfaceName, queue);
        if (existing is not null)
        {
            return IsTo(operation, existing, to)
                ? existing.Queue
                : throw new ZcrxQueueBusyException(operation, Errno.EBUSY, $"the queue is already leased to {existing}", "Choose another queue, or delete that interface: its leases end with it");
        }

        string here = NamespaceThread.Current();
        using SafeFileHandle host = File.OpenHandle("/proc/thread-self/ns/net");
        return NamespaceThread.Run(operation, to, () =>
        {
            using NetlinkSession session = NetlinkSession.Open();
            NetlinkOutcome outcome = session.GetLink(to.Interface, out LinkReply? link);
            int? hostId = null;
            if (outcome.Succeeded && NamespaceThread.Current() != here)
            {
                outcome = FindHost(session, (int)host.DangerousGetHandle(), out hostId);
            }

            CreatedQueueReply? created = null;
            outcome = outcome.Succeeded ? session.CreateQueue(link!.Index, index, queue, hostId, out created) : outcome;
            return outcome.Succeeded ? created!.Queue : throw LeasingErrors.Explain(operation, interfaceName, to, outcome);
        });
    }

    private static (uint Index, RxQueueLease? Lease) ReadQueue(string operation, string interfaceName, int queue)
    {
        using NetlinkSession session = NetlinkSession.Open();
        List<RxQueueFacts> queues = [];
        NetlinkOutcome outcome = session.GetLink(interfaceName, out LinkReply? link);
        outcome = outcome.Succeeded ? session.GetQueues(link!.Index, queues) : outcome;
        return outcome.Succeeded
            ? (link!.Index, queues.Find(candidate => candidate.Index == queue)?.Lease)
            : throw NetlinkErrors.Explain(operation, interfaceName, outcome.Error, outcome.Text);
    }

    private static bool IsTo(string operation, RxQueueLease lease, ContainerInterface to)
    {
        string here = NamespaceThread.Current();
        (string there, uint? index) = NamespaceThread.Run(operation, to, () =>
        {
            using NetlinkSession session = NetlinkSession.Open();
            return (NamespaceThread.Current(), session.GetLink(to.Interface, out LinkReply? link).Succeeded ? link!.Index : (uint?)null);
        });
        if (index != lease.InterfaceIndex || (there == here) != lease.NamespaceId is null)
        {
            return false;
        }

        using NetlinkSession own = NetlinkSession.Open();
        using SafeFileHandle container = NamespaceThread.Open(operation, to);
        return lease.NamespaceId is null || (own.GetNamespaceId((int)container.DangerousGetHandle(), out NamespaceIdReply? id).Succeeded && id!.Id == lease.NamespaceId);
    }

    /// <summary>Finds the id of the host's network namespace in the container's namespace. Assigns an id if there is none.</summary>
    private static NetlinkOutcome FindHost(NetlinkSession session, int host, out int? id)
    {
        id = null;
        NetlinkOutcome outcome = session.GetNamespaceId(host, out NamespaceIdReply? reply);
        if (outcome.Succeeded && reply!.Id is null)
        {
            outcome = session.AssignNamespaceId(host);
            outcome = outcome.Succeeded ? session.GetNamespaceId(host, out reply) : outcome;
        }

        id = reply?.Id;
        return outcome.Succeeded && id is null ? new NetlinkOutcome(-Errno.ENOENT, "the host's network namespace has no id in the container's") : outcome;
    }
}
