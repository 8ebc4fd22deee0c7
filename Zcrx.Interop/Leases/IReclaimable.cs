namespace Zcrx.Interop.Leases;

/// <summary>Represents a consumer that leases buffers but can copy them when the pool needs them back.</summary>
/// <remarks>
/// A buffer that waits for the rest of a frame is released when more data arrives. Under pressure, no more may arrive: receiving is paused until buffers come
/// back. So the pool must be able to reclaim them.
/// </remarks>
internal interface IReclaimable
{
    /// <summary>Gets a value indicating whether the consumer has ended, leases no more buffers, and can be removed. Any thread.</summary>
    bool HasEnded { get; }

    /// <summary>Gets the holder of its buffers.</summary>
    BufferHolder? Holder { get; }

    /// <summary>Releases the buffers that it can copy. Called on the ring thread, never while a buffer is lent to it on that thread.</summary>
    void Reclaim();
}
