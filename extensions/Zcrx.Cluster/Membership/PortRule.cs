using Akka.Cluster;

namespace Zcrx.Cluster.Membership;

/// <summary>Determines from the members what the ports of a node should be. Pure.</summary>
internal static class PortRule
{
    /// <summary>Returns what the ports should be.</summary>
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

    /// <summary>Counts as the split-brain resolver does with keep-majority. Of two halves, the one with the lowest address stays.</summary>
    private static bool IsMajority(IReadOnlyCollection<Member> members, IReadOnlySet<Member> unreachable)
    {
        int reachable = members.Count(member => !unreachable.Contains(member));
        return reachable * 2 == members.Count ? !unreachable.Contains(members.MinBy(static member => member.Address, Member.AddressOrdering)!) : reachable * 2 > members.Count;
    }

    private static bool IsCounted(Member member) => member.Status is MemberStatus.Up or MemberStatus.Leaving;
}
