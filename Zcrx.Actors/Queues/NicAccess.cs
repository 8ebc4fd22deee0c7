using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Queues;

/// <summary>Contains the two objects through which the rebalancer reads and steers the interface of a queue.</summary>
/// <param name="Facts">Determines on which RX queue packets arrive.</param>
/// <param name="Steering">Changes the RX queue on which packets arrive.</param>
internal sealed record NicAccess(INicFacts Facts, IFlowSteering Steering)
{
    /// <summary>
    /// Returns the configured objects, or else the default objects of the queue's engine; null for a queue without a NIC.
    /// </summary>
    /// <param name="queue">The open queue.</param>
    /// <param name="options">The options with which it was opened.</param>
    /// <param name="rebalancing">The options of the rebalancer, which may contain objects of the application.</param>
    /// <param name="journal">Steers the interfaces of the machine, and records each change so that it can be undone after a crash.</param>
    public static NicAccess? Of(ZcrxQueue queue, ZcrxQueueOptions options, ZcrxRebalancingOptions rebalancing, IFlowSteering journal)
    {
        if (queue.RxQueue is null)
        {
            return null;
        }

        INicControl nics = queue.Engine.NicsOf(options);
        return new NicAccess(rebalancing.NicFacts ?? nics.Facts, rebalancing.FlowSteering ?? (nics.ChangesOutliveProcess ? journal : nics.Steering));
    }

    /// <summary>Returns the object that reads the interface of a queue; null for a queue without a NIC.</summary>
    public static INicFacts? FactsOf(ZcrxQueue queue, ZcrxQueueOptions options, ZcrxRebalancingOptions rebalancing) =>
        queue.RxQueue is null ? null : rebalancing.NicFacts ?? queue.Engine.NicsOf(options).Facts;

    /// <summary>
    /// Returns the access to an interface, through the first open queue on it. Null if no queue on the interface is open.
    /// </summary>
    public static NicAccess? For(string networkInterface, IEnumerable<QueueSnapshot> queues, ZcrxRebalancingOptions rebalancing, IFlowSteering journal) => queues
        .Where(queue => queue.Current?.RxQueue?.Interface == networkInterface)
        .Select(queue => Of(queue.Current!, queue.Options, rebalancing, journal))
        .FirstOrDefault();
}
