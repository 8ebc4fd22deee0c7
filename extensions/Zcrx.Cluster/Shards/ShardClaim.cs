namespace Zcrx.Cluster.Shards;

/// <summary>Represents what one connection has of the budget of one shard.</summary>
/// <param name="budget">The budget, whose lock guards the state.</param>
/// <param name="partition">The partition.</param>
/// <param name="onGranted">Called when a claim that had to wait has its bytes.</param>
internal sealed class ShardClaim(ShardBudget budget, int partition, Action onGranted) : IDisposable
{
    public int Partition => partition;

    public Action OnGranted => onGranted;

    /// <summary>Gets or sets the number of bytes that it has.</summary>
    public long Held { get; set; }

    /// <summary>Gets or sets the number of bytes that it waits for; negative if it does not wait.</summary>
    public long Wanted { get; set; } = -1;

    /// <summary>Gets or sets a value indicating whether it has got what it waited for, and has not used it.</summary>
    public bool IsGranted { get; set; }

    /// <summary>Takes bytes. If there is no room, the claim waits. Call this for the same chunk again after <see cref="OnGranted"/>.</summary>
    public bool TryTake(long bytes) => budget.TryTake(this, bytes);

    public void Release(long bytes) => budget.Release(this, bytes);

    /// <summary>Returns everything.</summary>
    public void Dispose() => budget.Release(this, null);
}
