namespace Zcrx.Interop.Leases;

/// <summary>Represents a consumer that leases buffers but can copy them when the pool needs them back.</summary>
/// <remarks>
/// A buffer that waits for the rest of a frame is released when more data arrives. Under pressure, no more data may arrive: receiving is
/// paused until buffers are returned. The pool must therefore be able to reclaim the waiting buffers.
/// </remarks>
internal interface IReclaimable
{
    /// <summary>Gets a value indicating whether the consumer has ended, leases no more buffers, and can be removed. Any thread.</summary>
    bool HasEnded { get; }

    /// <summary>Gets the holder of the consumer's buffers.</summary>
    BufferHolder? Holder { get; }

    /// <summary>
    /// Copies buffers and releases them. Called on the ring thread, never while the consumer borrows a buffer on that thread.
    /// </summary>
    void Reclaim();
}
