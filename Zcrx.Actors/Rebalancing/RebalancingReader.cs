using System.Net;
using Zcrx.Actors.Supervision;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Rebalancing;

/// <summary>Reads connections and interfaces: on the thread pool, since it waits for ring threads and makes system calls.</summary>
internal static class RebalancingReader
{
    public static async Task<RebalancingReading> ReadAsync(IReadOnlyList<QueueSlot> slots, ZcrxRuntime runtime)
    {
        // The actor is not to wait for the first call either.
        await Task.Yield();
        List<ConnectionReading> readings = [];
        Dictionary<long, ZcrxConnection> connections = [];
        foreach (QueueSlot slot in slots)
        {
            if (slot.Current is not { } queue)
            {
                continue;
            }

            foreach (ZcrxConnection connection in await queue.GetConnectionsAsync().ConfigureAwait(false))
            {
                // One that moves at this moment may be seen on both queues.
                if (connections.TryAdd(connection.Id, connection))
                {
                    readings.Add(new ConnectionReading(
                        connection.Id, slot.Name, connection.BytesReceived, runtime.Group.ArrivalOf(connection), connection.LocalEndPoint as IPEndPoint, connection.RemoteEndPoint as IPEndPoint));
                }
            }
        }

        return new RebalancingReading(readings, connections, ReadTables(runtime));
    }

    /// <summary>Only where they might be replaced: a table is read anew each time.</summary>
    private static Dictionary<string, IReadOnlyList<int>> ReadTables(ZcrxRuntime runtime)
    {
        Dictionary<string, IReadOnlyList<int>> tables = new(StringComparer.Ordinal);
        if (runtime.Options.Rebalancing.Steering != FlowSteeringPermission.RssTable)
        {
            return tables;
        }

        foreach (QueueSlot slot in runtime.Queues)
        {
            if (slot.Current is { RxQueue: { } rxQueue } queue && !tables.ContainsKey(rxQueue.Interface) && NicAccess.Of(queue, slot.Options, runtime.Options.Rebalancing, runtime.Steering) is { } access)
            {
                try
                {
                    tables.Add(rxQueue.Interface, access.Facts.Read(rxQueue.Interface).RssTable);
                }
                catch (ZcrxException)
                {
                    // Then it is not replaced.
                }
            }
        }

        return tables;
    }
}
