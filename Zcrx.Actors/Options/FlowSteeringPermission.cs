namespace Zcrx.Actors;

/// <summary>How far the rebalancer may change on which RX queue packets arrive.</summary>
public enum FlowSteeringPermission
{
    /// <summary>Not at all.</summary>
    Forbidden,

    /// <summary>With a flow rule for each connection, which touches nobody else's packets. It goes when the connection is closed.</summary>
    FlowRules,

    /// <summary>
    /// Where flow rules do not do, also with the RSS table: whatever went to queues of nobody goes to ours, until everything stops. Only for an interface
    /// that serves nobody else: other programs cannot read what arrives in our memory.
    /// </summary>
    RssTable,
}
