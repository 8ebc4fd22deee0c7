using Akka.Cluster;

namespace Zcrx.Cluster.Membership;

/// <summary>Determines the state of a node's ports from the members. A pure function.</summary>
internal static class PortRule
{
    /// <summary>Returns the state that the ports should have.</summary>
    /// <param name="self">The node.</param>
    /// <param name="members">All members.</param>
    /// <param name="unreachable">The members that cannot be reached from this side.</param>
    /// <param name="wasMember">Whether the node has been Up.</param>
    public static PortState Decide(UniqueAddress self, IReadOnlyCollection<Member> members, IReadOnlySet<Member> unreachable, bool wasMember) =>
        members.FirstOrDefault(member => member.UniqueAddress.Equals(self))?.Status switch
        {
            MemberStatus.Up => IsMajority([.. members.Where(IsCounted)], unreachable) ? PortState.Open : PortState.Minority,
            MemberStatus.Joining or MemberStatus.WeaklyUp => PortState.Closed,
            null when !wasMember => PortState.Closed,
            _ => PortState.Leaving,
        };

    /// <summary>Returns whether this side is the majority, by the same rule as the split-brain resolver with keep-majority.</summary>
    /// <remarks>Of two halves, the half with the lowest address stays.</remarks>
    private static bool IsMajority(IReadOnlyCollection<Member> members, IReadOnlySet<Member> unreachable)
    {
        int reachable = members.Count(member => !unreachable.Contains(member));
        return reachable * 2 == members.Count ? !unreachable.Contains(members.MinBy(static member => member.Address, Member.AddressOrdering)!) : reachable * 2 > members.Count;
    }

    private static bool IsCounted(Member member) => member.Status is MemberStatus.Up or MemberStatus.Leaving;
}
