namespace Zcrx.Interop.Leases;

/// <summary>Counts the buffers that the consumers of one source lease, and lets operators pause the source.</summary>
/// <remarks>
/// Only the ring thread writes the number of leases. Any releasing thread writes the number of returns that the ring thread has not drained
/// yet.
/// </remarks>
internal class BufferHolder : IBufferSource
{
    private int _leased;
    private int _inReturn;

    /// <summary>Gets the number of leased buffers. Any thread. The number is approximate while buffers are leased or released.</summary>
    public int Leased => Volatile.Read(ref _leased) - Volatile.Read(ref _inReturn);

    /// <summary>
    /// Gets or sets the number of calls of <see cref="ReclaimList.Dismiss"/> for this source. Each call means that the source has left a
    /// ring thread. Ring thread only.
    /// </summary>
    public int Dismissals { get; set; }

    /// <summary>Counts a buffer that another thread has released and the ring thread has not drained yet. Any thread.</summary>
    public void BeginReturn() => Interlocked.Increment(ref _inReturn);

    /// <summary>
    /// Ends the return of a buffer that <see cref="BeginReturn"/> has counted. Called by the ring thread, just before it subtracts the
    /// lease of the buffer.
    /// </summary>
    public void EndReturn() => Interlocked.Decrement(ref _inReturn);

    public void Add(int change) => Volatile.Write(ref _leased, _leased + change);

    /// <summary>
    /// Gets a value indicating whether the source is paused. Consumers must then not deliver more bytes of a buffer. Any thread.
    /// </summary>
    public virtual bool IsPaused => false;

    /// <summary>Adds a consumer that leases the rest of a buffer and delivers it once the source is resumed. Ring thread only.</summary>
    public virtual void Postpone(IPostponedConsumer consumer)
    {
    }

    /// <summary>Lets the ring thread find out that a postponed consumer has ended. Any thread.</summary>
    public virtual void Synchronize()
    {
    }

    /// <summary>Gets the byte budget for copies of unfinished frames; null for no limit.</summary>
    public virtual IByteBudget? CopyBudget => null;

    /// <summary>
    /// Runs work on the ring thread after the deliveries of the current turn, or on the thread pool if there is no ring thread. Any thread.
    /// </summary>
    public virtual void Schedule(Action work) => ThreadPool.UnsafeQueueUserWorkItem(static work => work(), work, preferLocal: false);

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

    /// <summary>
    /// Records that a consumer has not handled the last bytes of a stream that has ended with an error. Any thread. Call it before the
    /// consumer ends its work.
    /// </summary>
    public virtual void LeaveUnhandled()
    {
    }

    IDisposable IBufferSource.BeginWork() => new HolderWork(this);

    /// <summary>
    /// Ends the connection of a failed consumer, unless the connection has another observer. Before the call, the consumer must pass the
    /// error on and unsubscribe. Any thread.
    /// </summary>
    public virtual void Fail(Exception exception)
    {
    }

    /// <summary>
    /// Determines whether an exception of a consumer only follows from the end of the connection, so that the consumer is not at fault. Call
    /// it before <see cref="Fail"/>, which ends the connection. Any thread.
    /// </summary>
    public virtual bool FollowsFromEnd(Exception exception) => false;

    /// <summary>
    /// Reports an exception that no observer of a consumer has handled. Runs fault observers, so the caller must not hold a lock. Any
    /// thread.
    /// </summary>
    public virtual void Report(Exception exception)
    {
    }

    /// <summary>
    /// Records that an operator begins to process buffers off the ring thread. The operator passes the end of the stream on later. Any
    /// thread.
    /// </summary>
    public virtual void BeginWork()
    {
    }

    /// <summary>Records that the operator has passed the end of the stream on, or was disposed. Any thread.</summary>
    public virtual void EndWork()
    {
    }
}
