using Akka.Actor;
using Akka.Cluster;
using Zcrx.Cluster.Membership;

namespace Zcrx.Cluster.Tests.Membership;

/// <summary>Tests whether a node is on the side of a partition that has the majority.</summary>
public class ClusterSideTests
{
    [Theory]
    // Every member is reachable.
    [InlineData("1", "", 1, true)]
    [InlineData("1 2 3", "", 3, true)]
    // More than half or less than half of the members are reachable.
    [InlineData("1 2 3", "3", 2, true)]
    [InlineData("1 2 3", "2 3", 1, false)]
    [InlineData("1 2 3 4 5", "1 2", 3, true)]
    [InlineData("1 2 3 4 5", "1 2 3", 2, false)]
    // If exactly half are reachable, the half with the lowest address is the majority. The order of the members does not matter.
    [InlineData("1 2", "2", 1, true)]
    [InlineData("1 2", "1", 1, false)]
    [InlineData("4 2 3 1", "3 4", 2, true)]
    [InlineData("4 2 3 1", "2 1", 2, false)]
    [InlineData("9 10", "10", 1, true)]
    [InlineData("9 10", "9", 1, false)]
    // Unreachable members that do not count, for example because of their role, change nothing.
    [InlineData("1 2", "7 8 9", 2, true)]
    [InlineData("", "7", 0, false)]
    [InlineData("", "", 0, true)]
    public void Of_members_returns_whether_the_reachable_ones_are_the_majority(string counted, string unreachable, int reachable, bool isMajority)
    {
        ClusterSide side = ClusterSide.Of(Members(counted), Members(unreachable).ToHashSet());

        Assert.Equal(new ClusterSide(reachable, Members(counted).Length, isMajority), side);
    }

    private static UniqueAddress[] Members(string hosts) =>
        [.. hosts.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static host => new UniqueAddress(new Address("akka.tcp", "nodes", "10.0.0.1", int.Parse(host, System.Globalization.CultureInfo.InvariantCulture)), 1))];
}
