using Zcrx.Cluster.Shards;

namespace Zcrx.Cluster.Tests.Shards;

/// <summary>Tests the budget that limits the unacknowledged bytes of a node at one shard.</summary>
public class ShardBudgetTests
{
    private readonly ShardBudget _budget = new(100);
    private readonly List<string> _granted = [];

    [Fact]
    public void Waiting_claims_are_granted_in_order_when_the_budget_permits()
    {
        using ShardClaim first = Claim("first");
        using ShardClaim second = Claim("second");
        using ShardClaim third = Claim("third");
        Assert.True(first.TryTake(80));
        Assert.False(second.TryTake(50));
        // There is room for this claim, but an earlier one is waiting and must come first.
        Assert.False(third.TryTake(10));
        Assert.False(second.TryTake(50));

        first.Release(40);
        Assert.Equal(["second", "third"], _granted);
        Assert.Equal(100, _budget.Used(1));
        Assert.True(second.TryTake(50));
        Assert.True(third.TryTake(10));
        Assert.Equal(100, _budget.Used(1));
    }

    [Fact]
    public void Claim_that_ends_returns_what_it_has_and_what_it_was_granted_and_leaves_the_queue()
    {
        using ShardClaim first = Claim("first");
        ShardClaim second = Claim("second");
        ShardClaim third = Claim("third");
        using ShardClaim fourth = Claim("fourth");
        Assert.True(first.TryTake(100));
        Assert.False(second.TryTake(100));
        Assert.False(third.TryTake(100));
        Assert.False(fourth.TryTake(100));

        third.Dispose();
        first.Release(100);
        Assert.Equal(["second"], _granted);
        second.Dispose();
        Assert.Equal(["second", "fourth"], _granted);
        Assert.True(fourth.TryTake(100));
        fourth.Dispose();
        Assert.Equal(0, _budget.Used(1));
    }

    [Fact]
    public void Chunk_beyond_the_budget_is_admitted_alone_and_shards_do_not_share()
    {
        using ShardClaim claim = Claim("large");
        using ShardClaim other = _budget.Claim(2, static () => { });
        Assert.True(claim.TryTake(500));
        Assert.False(claim.TryTake(1));
        Assert.True(other.TryTake(100));
        claim.Release(500);
        Assert.True(claim.TryTake(1));
    }

    private ShardClaim Claim(string name) => _budget.Claim(1, () => _granted.Add(name));
}
