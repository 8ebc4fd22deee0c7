namespace Zcrx.Interop.Leases;

/// <summary>A consumer that keeps buffers but could copy them when the pool needs them back.</summary>
/// <remarks>
/// A buffer that waits for the rest of a frame is released when more data arrives. Under pressure none may arrive, since receiving is paused
/// until buffers come back; so the pool must be able to ask.
/// </remarks>
internal interface IPressureRelief
{
    /// <summary>Whether it will never keep a buffer again and can be forgotten. Any thread.</summary>
    bool HasEnded { get; }

    /// <summary>Whose buffers it keeps.</summary>
    BufferHolder? Holder { get; }

    /// <summary>Gives back what it can. Called on the ring's thread, never while a buffer is lent to it on that thread.</summary>
    void Relieve();
}
