using Akka.Cluster;

namespace Zcrx.Cluster.Membership;

/// <summary>
/// Represents a node's side of a partition, which consists of the members that it can reach. They are counted as Akka's split-brain
/// resolver does with keep-majority.
/// </summary>
/// <param name="Reachable">The number of counted members that the node can reach.</param>
/// <param name="Counted">The number of counted members on all sides.</param>
/// <param name="IsMajority">Whether the resolver would keep this side.</param>
internal readonly record struct ClusterSide(int Reachable, int Counted, bool IsMajority)
{
    /// <summary>Counts the members that are Up or Leaving, and decides whether the reachable ones are the majority.</summary>
    /// <param name="members">All members.</param>
    /// <param name="unreachable">The members that this node cannot reach.</param>
    /// <param name="role">The role of the counted members; empty to count all members.</param>
    /// <remarks>
    /// If both sides have the same number of members, the resolver keeps the side with the lowest address. If no member is counted, it
    /// keeps no side.
    /// </remarks>
    public static ClusterSide Of(IReadOnlyCollection<Member> members, IReadOnlySet<Member> unreachable, string role)
    {
        UniqueAddress[] counted = [.. members
            .Where(member => member.Status is MemberStatus.Up or MemberStatus.Leaving && (role.Length == 0 || member.HasRole(role)))
            .Select(static member => member.UniqueAddress)];
        return Of(counted, unreachable.Select(static member => member.UniqueAddress).ToHashSet());
    }

    /// <summary>Counts the reachable members among those that are counted, and decides whether they are the majority.</summary>
    /// <param name="counted">The members that are counted.</param>
    /// <param name="unreachable">All members that this node cannot reach, including those that are not counted.</param>
    public static ClusterSide Of(IReadOnlyCollection<UniqueAddress> counted, IReadOnlySet<UniqueAddress> unreachable)
    {
        int reachable = counted.Count(member => !unreachable.Contains(member));
        bool isMajority = unreachable.Count == 0
            || reachable * 2 > counted.Count
            || (counted.Count > 0 && reachable * 2 == counted.Count && !unreachable.Contains(counted.MinBy(static member => member.Address, Member.AddressOrdering)!));
        return new ClusterSide(reachable, counted.Count, isMajority);
    }
}
