namespace Zcrx.Actors;

/// <summary>Specifies how the rebalancer may change the RX queue on which packets arrive.</summary>
public enum FlowSteeringPermission
{
    /// <summary>The rebalancer does not steer packets.</summary>
    Forbidden,

    /// <summary>
    /// The rebalancer may add a flow rule for each connection. A rule affects only the packets of its connection, and is removed when the
    /// connection is closed.
    /// </summary>
    FlowRules,

    /// <summary>
    /// The rebalancer may also replace the RSS table if flow rules do not suffice. Until Zcrx stops, packets of unmanaged RX queues then
    /// arrive on the queues of this process. Permit this only for an interface that no other program uses, because other programs cannot
    /// read payload in the memory of this process.
    /// </summary>
    RssTable,
}
