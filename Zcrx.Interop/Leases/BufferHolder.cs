namespace Zcrx.Interop.Leases;

/// <summary>Counts the buffers that the consumers of one source lease, and lets operators pause the source.</summary>
/// <remarks>
/// Only the ring thread changes the number of leases. Another thread that releases a buffer adds to a second number, the returns. When the
/// ring thread drains the buffer, it subtracts from both.
/// </remarks>
internal class BufferHolder : IBufferSource
{
    private int _leased;
    private int _inReturn;

    /// <summary>Gets the number of leased buffers. Any thread. The number is approximate while buffers are leased or released.</summary>
    public int Leased => Volatile.Read(ref _leased) - Volatile.Read(ref _inReturn);

    /// <summary>
    /// Gets or sets how often <see cref="ReclaimList.Dismiss"/> was called for this source, which happens when the source leaves a ring
    /// thread. Ring thread only.
    /// </summary>
    public int Dismissals { get; set; }

    /// <summary>Counts a buffer that another thread has released, until the ring thread has drained it. Any thread.</summary>
    public void BeginReturn() => Interlocked.Increment(ref _inReturn);

    /// <summary>
    /// Subtracts a return that <see cref="BeginReturn"/> has counted. Called on the ring thread, just before the lease is subtracted.
    /// </summary>
    public void EndReturn() => Interlocked.Decrement(ref _inReturn);

    public void Add(int change) => Volatile.Write(ref _leased, _leased + change);

    /// <summary>
    /// Gets a value indicating whether the source is paused. Consumers must then deliver no more bytes, even of the current buffer. Any
    /// thread.
    /// </summary>
    public virtual bool IsPaused => false;

    /// <summary>
    /// Adds a consumer that has leased the rest of a buffer while the source is paused. It delivers the rest once the source is resumed.
    /// Ring thread only.
    /// </summary>
    public virtual void Postpone(IPostponedConsumer consumer)
    {
    }

    /// <summary>Makes the ring thread check whether postponed consumers have ended. Any thread.</summary>
    public virtual void Synchronize()
    {
    }

    /// <summary>Gets the byte budget for copies of incomplete frames; null for no limit.</summary>
    public virtual IByteBudget? CopyBudget => null;

    /// <summary>
    /// Schedules work to run on the ring thread after the deliveries of the current turn. Without a ring thread, it runs on the thread
    /// pool. Any thread.
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
    /// Records that a consumer did not handle the last bytes of a stream that ended with an error. Call it before the consumer ends its
    /// work. Any thread.
    /// </summary>
    public virtual void LeaveUnhandled()
    {
    }

    IDisposable IBufferSource.BeginWork() => new HolderWork(this);

    /// <summary>
    /// Ends the connection of a failed consumer if it has no other observer. Before the call, the consumer must pass the error on. Any
    /// thread.
    /// </summary>
    /// <param name="exception">The error.</param>
    /// <param name="isSubscribed">False if the consumer has unsubscribed; true if it could not yet.</param>
    public virtual void Fail(Exception exception, bool isSubscribed = false)
    {
    }

    /// <summary>
    /// Records that the peer has ended its stream inside a message. The connection ends as after <see cref="Fail"/>, but only when no
    /// consumer works on it any more, so that earlier messages are still answered. Any thread.
    /// </summary>
    public virtual void FailAtEnd(Exception exception)
    {
    }

    /// <summary>
    /// Determines whether the end of the connection has caused a consumer's exception. The consumer is then not at fault. Call it before
    /// <see cref="Fail"/>, which ends the connection. Any thread.
    /// </summary>
    public virtual bool FollowsFromEnd(Exception exception) => false;

    /// <summary>
    /// Reports an exception that no observer handles. It calls the application's fault observers, so the caller must not hold a lock. Any
    /// thread.
    /// </summary>
    public virtual void Report(Exception exception)
    {
    }

    /// <summary>
    /// Records that an operator processes buffers on another thread than the ring thread. The operator can then pass on the end of the
    /// stream later than the ring thread does. Any thread.
    /// </summary>
    public virtual void BeginWork()
    {
    }

    /// <summary>
    /// Records that an operator that has called <see cref="BeginWork"/> has passed on the end of the stream, or was disposed. Any thread.
    /// </summary>
    public virtual void EndWork()
    {
    }
}
