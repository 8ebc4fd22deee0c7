namespace Zcrx.Cluster.Shards;

/// <summary>Limits the unacknowledged bytes at each shard of a region. All connections of this node share the limit.</summary>
/// <remarks>Threading: any thread. Waiting connections are served in order.</remarks>
/// <param name="maxBytes">
/// The largest number of bytes at one shard. A larger chunk is admitted only when no other bytes are unacknowledged.
/// </param>
internal sealed class ShardBudget(long maxBytes)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, Share> _shares = [];

    /// <summary>Creates the claim of one connection on the budget of one shard.</summary>
    /// <param name="partition">The partition of the shard.</param>
    /// <param name="onGranted">Called on any thread when a waiting claim gets its bytes.</param>
    public ShardClaim Claim(int partition, Action onGranted) => new(this, partition, onGranted);

    /// <summary>Returns the number of bytes that are unacknowledged at a shard.</summary>
    public long Used(int partition)
    {
        lock (_gate)
        {
            return _shares.TryGetValue(partition, out Share? share) ? share.Used : 0;
        }
    }

    /// <summary>
    /// Takes bytes of the budget for a claim. If too few are free, returns false, and the claim waits until it is granted the bytes.
    /// </summary>
    internal bool TryTake(ShardClaim claim, long bytes)
    {
        lock (_gate)
        {
            if (claim.IsGranted)
            {
                // The claim waited for this chunk and was granted its bytes, which are already counted.
                claim.IsGranted = false;
                return true;
            }

            if (claim.Wanted >= 0)
            {
                return false;
            }

            if (!_shares.TryGetValue(claim.Partition, out Share? share))
            {
                share = new Share();
                _shares.Add(claim.Partition, share);
            }

            if (share.Waiting.Count == 0 && Fits(share, bytes))
            {
                share.Used += bytes;
                claim.Held += bytes;
                return true;
            }

            claim.Wanted = bytes;
            share.Waiting.AddLast(claim);
            return false;
        }
    }

    /// <summary>Returns bytes of a claim to the budget, and grants them to waiting claims.</summary>
    /// <param name="claim">The claim that returns bytes.</param>
    /// <param name="bytes">The number of bytes; null to return all bytes and end the claim.</param>
    internal void Release(ShardClaim claim, long? bytes)
    {
        List<ShardClaim> granted = [];
        lock (_gate)
        {
            if (!_shares.TryGetValue(claim.Partition, out Share? share))
            {
                return;
            }

            long released = bytes ?? claim.Held;
            claim.Held -= released;
            share.Used -= released;
            if (bytes is null && claim.Wanted >= 0)
            {
                share.Waiting.Remove(claim);
            }

            while (share.Waiting.First is { Value: var next } && Fits(share, next.Wanted))
            {
                share.Waiting.RemoveFirst();
                share.Used += next.Wanted;
                next.Held += next.Wanted;
                next.Wanted = -1;
                next.IsGranted = true;
                granted.Add(next);
            }

            if (share.Used == 0 && share.Waiting.Count == 0)
            {
                _shares.Remove(claim.Partition);
            }
        }

        foreach (ShardClaim next in granted)
        {
            next.OnGranted();
        }
    }

    private bool Fits(Share share, long bytes) => share.Used == 0 || share.Used + bytes <= maxBytes;

    private sealed class Share
    {
        public long Used { get; set; }

        public LinkedList<ShardClaim> Waiting { get; } = new();
    }
}
