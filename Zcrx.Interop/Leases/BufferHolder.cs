namespace Zcrx.Interop.Leases;

/// <summary>Counts the buffers that one connection's consumers have kept.</summary>
/// <remarks>Written by the ring's thread only; other threads may read an approximate value.</remarks>
internal class BufferHolder
{
    private int _held;

    /// <summary>Buffers kept and not yet returned.</summary>
    public int Held => Volatile.Read(ref _held);

    public void Add(int change) => Volatile.Write(ref _held, _held + change);
}
