using Akka.Cluster;

namespace Zcrx.Cluster.Membership;

/// <summary>Represents the members that a node can reach. They are counted as in the split-brain resolver with keep-majority.</summary>
/// <param name="Reachable">The number of counted members that can be reached.</param>
/// <param name="Counted">The number of counted members.</param>
/// <param name="IsMajority">Whether the resolver would keep this side.</param>
internal readonly record struct ClusterSide(int Reachable, int Counted, bool IsMajority)
{
    /// <summary>Counts the members that are Up or Leaving.</summary>
    /// <param name="members">All members.</param>
    /// <param name="unreachable">The members that this node cannot reach.</param>
    /// <param name="role">The role of the counted members; empty to count all members.</param>
    /// <remarks>Of two equal halves, the resolver keeps the one with the lowest address. If no member counts, it keeps no side.</remarks>
    public static ClusterSide Of(IReadOnlyCollection<Member> members, IReadOnlySet<Member> unreachable, string role)
    {
        UniqueAddress[] counted = [.. members
            .Where(member => member.Status is MemberStatus.Up or MemberStatus.Leaving && (role.Length == 0 || member.HasRole(role)))
            .Select(static member => member.UniqueAddress)];
        return Of(counted, unreachable.Select(static member => member.UniqueAddress).ToHashSet());
    }

    /// <summary>Counts members.</summary>
    /// <param name="counted">The members that count.</param>
    /// <param name="unreachable">All members that this node cannot reach, also those that do not count.</param>
    public static ClusterSide Of(IReadOnlyCollection<UniqueAddress> counted, IReadOnlySet<UniqueAddress> unreachable)
    {
        int reachable = counted.Count(member => !unreachable.Contains(member));
        bool isMajority = unreachable.Count == 0
            || reachable * 2 > counted.Count
            || (counted.Count > 0 && reachable * 2 == counted.Count && !unreachable.Contains(counted.MinBy(static member => member.Address, Member.AddressOrdering)!));
        return new ClusterSide(reachable, counted.Count, isMajority);
    }
}
