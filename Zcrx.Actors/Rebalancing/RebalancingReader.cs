using System.Net;
using Zcrx.Actors.Messages;
using Zcrx.Actors.Queues;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Rebalancing;

/// <summary>Reads connections and interfaces. Runs on the thread pool, since it waits for ring threads and makes system calls.</summary>
internal sealed class RebalancingReader(IReadOnlyList<Published<QueueSnapshot>> queues, ZcrxQueueGroup group, ZcrxRebalancingOptions options)
{
    /// <summary>Reads the connections of some queues, and their interfaces as far as the options permit steering.</summary>
    public async Task<RebalancingReading> ReadAsync(IReadOnlyList<QueueSnapshot> ofInterest)
    {
        // The actor does not wait for the first call.
        await Task.Yield();
        List<ConnectionReading> readings = [];
        Dictionary<long, ZcrxConnection> connections = [];
        // A ring thread that is stuck does not answer, and nothing can be moved off it.
        foreach (QueueSnapshot queue in ofInterest.Where(static queue => queue.Stuck is null))
        {
            foreach (ZcrxConnection connection in await queue.Current!.GetConnectionsAsync().ConfigureAwait(false))
            {
                // A connection that is being moved may be on both queues.
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
                    // An interface that cannot be read is steered without its facts: its table is not replaced.
                }
            }
        }

        return interfaces;
    }
}

/// <summary>Contains the facts about the queues of interest.</summary>
/// <param name="Readings">The connections.</param>
/// <param name="Connections">The same, to act upon.</param>
/// <param name="Tables">RSS tables by interface, without those that could not be read.</param>
/// <param name="HostSteered">Interfaces of this container whose steering belongs to the host.</param>
internal sealed record RebalancingReading(
    IReadOnlyList<ConnectionReading> Readings,
    IReadOnlyDictionary<long, ZcrxConnection> Connections,
    IReadOnlyDictionary<string, IReadOnlyList<int>> Tables,
    IReadOnlySet<string> HostSteered);

/// <summary>Contains the facts about a connection.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Queue">Name of the queue that receives for it.</param>
/// <param name="BytesReceived">Bytes received so far.</param>
/// <param name="Arrival">The RX queue on which its packets arrive; null if that is not known.</param>
/// <param name="Local">The local address.</param>
/// <param name="Remote">The peer's address.</param>
internal sealed record ConnectionReading(long Id, string Queue, long BytesReceived, RxQueueId? Arrival, IPEndPoint? Local = null, IPEndPoint? Remote = null);
