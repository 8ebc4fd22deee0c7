using Akka.Cluster;

namespace Zcrx.Cluster.Membership;

/// <summary>Determines the state of a node's ports from the members of the cluster. Pure.</summary>
internal static class PortRule
{
    /// <summary>Returns the state that the ports should have.</summary>
    /// <param name="self">The address of the node.</param>
    /// <param name="members">All members of the cluster.</param>
    /// <param name="side">The members that the node can reach.</param>
    /// <param name="wasMember">Whether the node has been Up before.</param>
    public static PortState Decide(UniqueAddress self, IReadOnlyCollection<Member> members, ClusterSide side, bool wasMember) =>
        members.FirstOrDefault(member => member.UniqueAddress.Equals(self))?.Status switch
        {
            MemberStatus.Up => side.IsMajority ? PortState.Open : PortState.Minority,
            MemberStatus.Joining or MemberStatus.WeaklyUp => PortState.Closed,
            null when !wasMember => PortState.Closed,
            _ => PortState.Leaving,
        };
}
