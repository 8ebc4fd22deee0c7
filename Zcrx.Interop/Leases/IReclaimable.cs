namespace Zcrx.Interop.Leases;

/// <summary>Represents a consumer that leases buffers but can copy them when the pool needs them back.</summary>
/// <remarks>
/// A buffer that waits for the rest of a frame is released when more data arrives. Under pressure, receives are paused until buffers are
/// returned. If consumers kept their buffers, the rest of the frame might never arrive. The pool must therefore be able to reclaim them.
/// </remarks>
internal interface IReclaimable
{
    /// <summary>
    /// Gets a value indicating whether the consumer has ended and leases no more buffers. It can then be removed. Any thread.
    /// </summary>
    bool HasEnded { get; }

    /// <summary>Gets the holder of the consumer's buffers.</summary>
    BufferHolder? Holder { get; }

    /// <summary>
    /// Replaces leased buffers by copies and releases them. Called on the ring thread, never while the consumer borrows a buffer there.
    /// </summary>
    void Reclaim();
}
