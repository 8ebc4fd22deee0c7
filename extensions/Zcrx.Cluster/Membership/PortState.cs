namespace Zcrx.Cluster.Membership;

/// <summary>Specifies the state of a port of the cluster.</summary>
internal enum PortState
{
    /// <summary>The node is not a member yet: the port is closed.</summary>
    Closed,

    /// <summary>The node is Up and on the side of the majority: the port is open.</summary>
    Open,

    /// <summary>
    /// The node is on the side of a minority: the port is closed, and its connections are paused until the partition ends.
    /// </summary>
    Minority,

    /// <summary>The node is leaving or was removed: the port is closed. Its connections may end within the drain timeout.</summary>
    Leaving,
}
