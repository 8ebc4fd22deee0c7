namespace Zcrx.Interop.Leases;

/// <summary>Whose buffers these are: counts what its consumers keep, and can be told to stop asking for more.</summary>
/// <remarks>The count is written by the ring's thread only; other threads may read an approximate value.</remarks>
internal class BufferHolder
{
    private int _held;

    /// <summary>Buffers kept and not yet returned.</summary>
    public int Held => Volatile.Read(ref _held);

    public void Add(int change) => Volatile.Write(ref _held, _held + change);

    /// <summary>A consumer has as much as it can take; nothing more is asked for until as many calls of <see cref="Resume"/>. Any thread.</summary>
    public virtual void Hold()
    {
    }

    /// <summary>Takes one <see cref="Hold"/> back. Any thread.</summary>
    public virtual void Resume()
    {
    }
}
