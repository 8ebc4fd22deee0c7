namespace Zcrx.Cluster.Shards;

/// <summary>Holds what a session reports to other threads. The session writes; any thread reads.</summary>
internal sealed class ShardOutcome
{
    private Exception? _failure;
    private long _chunks;
    private long _resends;

    /// <summary>Gets or sets why the session has ended before the stream; null if it has not.</summary>
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

    public long Resends
    {
        get => Volatile.Read(ref _resends);
        set => Volatile.Write(ref _resends, value);
    }
}
