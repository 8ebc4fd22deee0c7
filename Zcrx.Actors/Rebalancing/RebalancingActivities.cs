using System.Diagnostics;
using Zcrx.Actors.Diagnostics;

namespace Zcrx.Actors.Rebalancing;

/// <summary>What the rebalancer does, as activities: one for each action.</summary>
internal static class RebalancingActivities
{
    /// <summary>Begins an action; null while nobody listens.</summary>
    public static Activity? Begin(RebalanceAction action) => action switch
    {
        RebalanceAction.MoveConnection move => ZcrxActivities.Begin("zcrx.rebalancing.move", move.To)?
            .SetTag("zcrx.connection.id", move.ConnectionId)
            .SetTag("zcrx.queue.source", move.From)
            .SetTag("zcrx.move.reason", move.Reason.ToString()),
        RebalanceAction.SteerFlow steer => ZcrxActivities.Begin("zcrx.rebalancing.steer")?
            .SetTag("zcrx.connection.id", steer.ConnectionId)
            .SetTag("network.interface.name", steer.Interface)
            .SetTag("zcrx.rx_queue", steer.Rule.Queue),
        RebalanceAction.ReplaceRssTable table => ZcrxActivities.Begin("zcrx.rebalancing.steer")?
            .SetTag("network.interface.name", table.Interface),
        _ => null,
    };
}
