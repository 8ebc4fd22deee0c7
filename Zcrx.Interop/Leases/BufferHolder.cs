namespace Zcrx.Interop.Leases;

/// <summary>Whose buffers these are: counts what its consumers keep, and can be told to stop asking for more.</summary>
/// <remarks>What is given out and taken back is written by the ring's thread only, what is on its way by anybody who releases.</remarks>
internal class BufferHolder : IBufferSource
{
    private int _held;
    private int _onTheWay;

    /// <summary>Buffers kept and not yet released. For a moment it can be too high, never too low.</summary>
    public int Held => Volatile.Read(ref _held) - Volatile.Read(ref _onTheWay);

    /// <summary>Released by another thread than the ring's, which has not seen it yet.</summary>
    public void BeginReturn() => Interlocked.Increment(ref _onTheWay);

    /// <summary>The ring's thread has seen it, and takes it off the count next.</summary>
    public void EndReturn() => Interlocked.Decrement(ref _onTheWay);

    public void Add(int change) => Volatile.Write(ref _held, _held + change);

    /// <inheritdoc/>
    public virtual void Hold()
    {
    }

    /// <inheritdoc/>
    public virtual void Resume()
    {
    }

    /// <inheritdoc/>
    public virtual void Abandon()
    {
    }

    /// <summary>A consumer has failed and told its observer so. If no other observes, the connection ends. Unsubscribe first. Any thread.</summary>
    public virtual void Fail(Exception exception)
    {
    }

    /// <summary>A consumer has thrown, and its observer did not handle it. Must not be called under a lock: it runs the observers of such faults. Any thread.</summary>
    public virtual void Report(Exception exception)
    {
    }

    /// <summary>An operator begins to work on these buffers off the ring's thread, and tells the end of the stream later than it comes. Any thread.</summary>
    public virtual void BeginWork()
    {
    }

    /// <summary>It has told the end, or was disposed. Any thread.</summary>
    public virtual void EndWork()
    {
    }
}
