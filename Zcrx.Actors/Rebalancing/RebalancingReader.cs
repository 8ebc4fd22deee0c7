using System.Net;
using Zcrx.Actors.Messages;
using Zcrx.Actors.Queues;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Rebalancing;

/// <summary>Reads connections and interfaces. Runs on the thread pool, because it waits for ring threads and makes system calls.</summary>
internal sealed class RebalancingReader(IReadOnlyList<Published<QueueSnapshot>> queues, ZcrxQueueGroup group, ZcrxRebalancingOptions options)
{
    /// <summary>Reads the connections of some queues. Also reads the interfaces if the options permit steering.</summary>
    public async Task<RebalancingReading> ReadAsync(IReadOnlyList<QueueSnapshot> ofInterest)
    {
        // Leaves the thread of the calling actor before the first system call.
        await Task.Yield();
        List<ConnectionReading> readings = [];
        Dictionary<long, ZcrxConnection> connections = [];
        // Skips queues with a stuck ring thread, which does not answer. Their connections could not be moved anyway.
        foreach (QueueSnapshot queue in ofInterest.Where(static queue => queue.Stuck is null))
        {
            foreach (ZcrxConnection connection in await queue.Current!.GetConnectionsAsync().ConfigureAwait(false))
            {
                // A connection that is being moved may be listed by both queues.
                if (connections.TryAdd(connection.Id, connection))
                {
                    readings.Add(new ConnectionReading(
                        connection.Id, queue.Name, connection.BytesReceived, group.ArrivalOf(connection), connection.LocalEndPoint, connection.RemoteEndPoint));
                }
            }
        }

        Dictionary<string, NicFacts> interfaces = options.Steering == FlowSteeringPermission.Forbidden ? [] : ReadInterfaces();
        return new RebalancingReading(
            readings,
            connections,
            options.Steering == FlowSteeringPermission.RssTable
                ? interfaces.ToDictionary(static pair => pair.Key, static pair => pair.Value.RssTable, StringComparer.Ordinal)
                : new Dictionary<string, IReadOnlyList<int>>(),
            interfaces.Where(static pair => pair.Value.IsNetkit).Select(static pair => pair.Key).ToHashSet(StringComparer.Ordinal));
    }

    private Dictionary<string, NicFacts> ReadInterfaces()
    {
        Dictionary<string, NicFacts> interfaces = new(StringComparer.Ordinal);
        foreach (QueueSnapshot queue in queues.Select(static queue => queue.Value))
        {
            if (queue.Current is { RxQueue: { } rxQueue } open && !interfaces.ContainsKey(rxQueue.Interface) && NicAccess.FactsOf(open, queue.Options, options) is { } facts)
            {
                try
                {
                    interfaces.Add(rxQueue.Interface, facts.Read(rxQueue.Interface));
                }
                catch (ZcrxException)
                {
                    // The RSS table could not be read, so it is not replaced. Flow rules can still be added.
                }
            }
        }

        return interfaces;
    }
}

/// <summary>Contains what was read about the queues that may need an action.</summary>
/// <param name="Readings">The facts about the connections.</param>
/// <param name="Connections">The connections themselves, by id.</param>
/// <param name="Tables">The RSS tables by interface, except those that could not be read.</param>
/// <param name="HostSteered">The interfaces of this container whose packets only the host can steer.</param>
internal sealed record RebalancingReading(
    IReadOnlyList<ConnectionReading> Readings,
    IReadOnlyDictionary<long, ZcrxConnection> Connections,
    IReadOnlyDictionary<string, IReadOnlyList<int>> Tables,
    IReadOnlySet<string> HostSteered);

/// <summary>Contains the facts about a connection.</summary>
/// <param name="Id">The id of the connection.</param>
/// <param name="Queue">The name of the queue that receives for the connection.</param>
/// <param name="BytesReceived">The number of bytes received so far.</param>
/// <param name="Arrival">The RX queue on which the packets of the connection arrive; null if it is unknown.</param>
/// <param name="Local">The local address.</param>
/// <param name="Remote">The address of the peer.</param>
internal sealed record ConnectionReading(long Id, string Queue, long BytesReceived, RxQueueId? Arrival, IPEndPoint? Local = null, IPEndPoint? Remote = null);
