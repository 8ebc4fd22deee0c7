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

        Dictionary<string, NicFacts> interfaces = ReadInterfaces(runtime);
        bool needsTables = runtime.Options.Rebalancing.Steering == FlowSteeringPermission.RssTable;
        return new RebalancingReading(
            readings,
            connections,
            needsTables ? interfaces.ToDictionary(static pair => pair.Key, static pair => pair.Value.RssTable, StringComparer.Ordinal) : new Dictionary<string, IReadOnlyList<int>>(),
            interfaces.Where(static pair => pair.Value.IsNetkit).Select(static pair => pair.Key).ToHashSet(StringComparer.Ordinal));
    }

    /// <summary>Only where something might be steered: an interface is read anew each time.</summary>
    private static Dictionary<string, NicFacts> ReadInterfaces(ZcrxRuntime runtime)
    {
        Dictionary<string, NicFacts> interfaces = new(StringComparer.Ordinal);
        if (runtime.Options.Rebalancing.Steering == FlowSteeringPermission.Forbidden)
        {
            return interfaces;
        }

        foreach (QueueSlot slot in runtime.Queues)
        {
            if (slot.Current is { RxQueue: { } rxQueue } queue && !interfaces.ContainsKey(rxQueue.Interface) && NicAccess.Of(queue, slot.Options, runtime.Options.Rebalancing, runtime.Steering) is { } access)
            {
                try
                {
                    interfaces.Add(rxQueue.Interface, access.Facts.Read(rxQueue.Interface));
                }
                catch (ZcrxException)
                {
                    // Then it is steered as far as it permits, and its table is not replaced.
                }
            }
        }

        return interfaces;
    }
}
