namespace Zcrx.Cluster.Shards;

/// <summary>Publishes the results of a session to other threads. Only the session writes them.</summary>
internal sealed class ShardOutcome
{
    private Exception? _failure;
    private long _chunks;
    private long _resends;
    private long _acknowledged;

    /// <summary>Gets or sets the error with which the session ended before its stream; null if there was none.</summary>
    public Exception? Failure
    {
        get => Volatile.Read(ref _failure);
        set => Volatile.Write(ref _failure, value);
    }

    public long Chunks
    {
        get => Volatile.Read(ref _chunks);
        set => Volatile.Write(ref _chunks, value);
    }

    public long Acknowledged
    {
        get => Volatile.Read(ref _acknowledged);
        set => Volatile.Write(ref _acknowledged, value);
    }

    public long Resends
    {
        get => Volatile.Read(ref _resends);
        set => Volatile.Write(ref _resends, value);
    }
}
