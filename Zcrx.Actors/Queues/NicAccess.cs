using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Queues;

/// <summary>Represents how the interface of one queue is read and steered.</summary>
/// <param name="Facts">Reads where packets arrive.</param>
/// <param name="Steering">Changes where packets arrive.</param>
internal sealed record NicAccess(INicFacts Facts, IFlowSteering Steering)
{
    /// <summary>Returns the configured objects, or those of the queue's engine; null for a queue without a NIC.</summary>
    /// <param name="queue">The open queue.</param>
    /// <param name="options">The options with which it was opened.</param>
    /// <param name="rebalancing">May name other objects.</param>
    /// <param name="journal">Steers the machine's interfaces, and records the changes to undo if the process dies.</param>
    public static NicAccess? Of(ZcrxQueue queue, ZcrxQueueOptions options, ZcrxRebalancingOptions rebalancing, IFlowSteering journal)
    {
        if (queue.RxQueue is null)
        {
            return null;
        }

        INicControl nics = queue.Engine.NicsOf(options);
        return new NicAccess(rebalancing.NicFacts ?? nics.Facts, rebalancing.FlowSteering ?? (nics.ChangesOutliveProcess ? journal : nics.Steering));
    }

    /// <summary>Returns the reader of a queue's interface, or null for a queue without a NIC.</summary>
    public static INicFacts? FactsOf(ZcrxQueue queue, ZcrxQueueOptions options, ZcrxRebalancingOptions rebalancing) =>
        queue.RxQueue is null ? null : rebalancing.NicFacts ?? queue.Engine.NicsOf(options).Facts;

    /// <summary>Returns the access to an interface through the first open queue of it; null if no queue of it is open.</summary>
    public static NicAccess? For(string networkInterface, IEnumerable<QueueSnapshot> queues, ZcrxRebalancingOptions rebalancing, IFlowSteering journal) => queues
        .Where(queue => queue.Current?.RxQueue?.Interface == networkInterface)
        .Select(queue => Of(queue.Current!, queue.Options, rebalancing, journal))
        .FirstOrDefault();
}
