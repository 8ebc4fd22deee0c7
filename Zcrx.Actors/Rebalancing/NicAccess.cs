using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Rebalancing;

/// <summary>How the interface of one queue is read and steered.</summary>
/// <param name="Facts">Tells where packets arrive.</param>
/// <param name="Steering">Steers them.</param>
internal sealed record NicAccess(INicFacts Facts, IFlowSteering Steering)
{
    /// <summary>What the options name, else what belongs to the engine; null for a queue without a NIC.</summary>
    /// <param name="queue">The open queue.</param>
    /// <param name="options">How it was opened.</param>
    /// <param name="rebalancing">What was asked for.</param>
    /// <param name="journal">Steers the machine's interfaces, and writes down what is to be undone should the process die.</param>
    public static NicAccess? Of(ZcrxQueue queue, ZcrxQueueOptions options, ZcrxRebalancingOptions rebalancing, IFlowSteering journal)
    {
        if (queue.RxQueue is null)
        {
            return null;
        }

        INicControl nics = queue.Engine.NicsOf(options);
        return new NicAccess(rebalancing.NicFacts ?? nics.Facts, rebalancing.FlowSteering ?? (nics.ChangesOutliveProcess ? journal : nics.Steering));
    }
}
