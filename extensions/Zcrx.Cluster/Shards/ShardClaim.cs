namespace Zcrx.Cluster.Shards;

/// <summary>Represents one connection's share of the budget of one shard.</summary>
/// <param name="budget">The budget, whose lock guards the state of this object.</param>
/// <param name="partition">The partition of the shard.</param>
/// <param name="onGranted">Called when a waiting claim gets its bytes.</param>
internal sealed class ShardClaim(ShardBudget budget, int partition, Action onGranted) : IDisposable
{
    public int Partition => partition;

    public Action OnGranted => onGranted;

    /// <summary>Gets or sets the number of bytes of the budget that the claim has.</summary>
    public long Held { get; set; }

    /// <summary>Gets or sets the number of bytes that the claim waits for; negative if it does not wait.</summary>
    public long Wanted { get; set; } = -1;

    /// <summary>
    /// Gets or sets a value indicating whether the claim has waited and was granted its bytes. The next call of <see cref="TryTake"/> sets
    /// the value to false.
    /// </summary>
    public bool IsGranted { get; set; }

    /// <summary>
    /// Takes bytes of the budget for a chunk. If too few are free, returns false, and the claim waits for them. Call this method again for
    /// the same chunk after <see cref="OnGranted"/> was called.
    /// </summary>
    public bool TryTake(long bytes) => budget.TryTake(this, bytes);

    public void Release(long bytes) => budget.Release(this, bytes);

    /// <summary>Returns all bytes to the budget, and ends the claim.</summary>
    public void Dispose() => budget.Release(this, null);
}
