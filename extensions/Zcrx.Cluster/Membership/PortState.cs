namespace Zcrx.Cluster.Membership;

/// <summary>Specifies the state of a port that follows the cluster.</summary>
internal enum PortState
{
    /// <summary>The port is closed, because the node is not Up yet.</summary>
    Closed,

    /// <summary>The port is open, because the node is Up and can reach the majority of the members.</summary>
    Open,

    /// <summary>The port is closed and its connections are paused, because the node can reach only a minority of the members.</summary>
    Minority,

    /// <summary>The port is closed, because the node is leaving or was removed. Its connections may end within the drain timeout.</summary>
    Leaving,
}
