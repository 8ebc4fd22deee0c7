namespace ClusterIngest;

/// <summary>Counts the frames that the entities of a worker handle. Threading: any thread.</summary>
internal sealed class WorkerTally
{
    private long _taken;
    private long _discarded;

    /// <summary>Gets the number of frames that entities have stored.</summary>
    public long Taken => Interlocked.Read(ref _taken);

    /// <summary>Gets the number of frames that were discarded, because they had been stored before.</summary>
    public long Discarded => Interlocked.Read(ref _discarded);

    public void Add(long taken, long discarded)
    {
        Interlocked.Add(ref _taken, taken);
        Interlocked.Add(ref _discarded, discarded);
    }
}
