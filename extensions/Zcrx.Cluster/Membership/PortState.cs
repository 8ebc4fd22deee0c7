namespace Zcrx.Cluster.Membership;

/// <summary>Specifies what a port of the cluster should be.</summary>
internal enum PortState
{
    /// <summary>The node is no member yet: the port is closed.</summary>
    Closed,

    /// <summary>The node is Up and on the side of the majority: the port is open.</summary>
    Open,

    /// <summary>The node is on the side of a minority: the port is closed, and its connections are paused until the end of the partition.</summary>
    Minority,

    /// <summary>The node leaves or was removed: the port is closed, and its connections have the drain time.</summary>
    Leaving,
}
