using System.Runtime.CompilerServices;
using Zcrx.Interop.Abi;

namespace Zcrx.Interop;

/// <summary>
/// Reads the completions of a ring in batches: read <see cref="Ready"/>, handle that many, then call <see cref="Advance"/> once.
/// </summary>
/// <remarks>
/// Ring thread only. Another thread may read while it keeps the ring thread from calling <see cref="Advance"/> and from closing the ring.
/// Members throw <see cref="ObjectDisposedException"/> once the ring is disposed.
/// </remarks>
public sealed unsafe class CompletionQueue
{
    /// <summary>The size of one completion in bytes. Rings are set up with CQE32.</summary>
    public const int EntrySize = 32;

    private readonly byte* _entries;
    private readonly uint* _sharedHead;
    private readonly uint* _sharedTail;
    private readonly uint* _overflow;
    private readonly uint _mask;
    private uint _head;
    private bool _isDisposed;

    internal CompletionQueue(byte* ring, in io_uring_params parameters)
    {
        _entries = ring + parameters.cq_off.cqes;
        _sharedHead = (uint*)(ring + parameters.cq_off.head);
        _sharedTail = (uint*)(ring + parameters.cq_off.tail);
        _overflow = (uint*)(ring + parameters.cq_off.overflow);
        Capacity = *(uint*)(ring + parameters.cq_off.ring_entries);
        _mask = *(uint*)(ring + parameters.cq_off.ring_mask);
        _head = *_sharedHead;
    }

    /// <summary>Gets the number of completions that the ring holds; a power of two.</summary>
    public uint Capacity { get; }

    /// <summary>Gets the number of completions that the kernel has dropped since the ring was created. They are lost.</summary>
    public uint Dropped
    {
        get
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return Volatile.Read(ref *_overflow);
        }
    }

    /// <summary>Gets the number of completions that can be read now.</summary>
    public uint Ready
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            // Acquire: the kernel writes the entries before the tail that covers them. The counters wrap at 2^32, but their difference
            // stays correct.
            return Volatile.Read(ref *_sharedTail) - _head;
        }
    }

    /// <summary>Returns one of the ready completions.</summary>
    /// <param name="index">The index: 0 for the oldest, below <see cref="Ready"/>.</param>
    /// <returns>A reference into the ring, valid until <see cref="Advance"/>.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref readonly Completion Peek(uint index)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return ref Unsafe.AsRef<Completion>(_entries + ((nuint)((_head + index) & _mask) * EntrySize));
    }

    /// <summary>Returns adjacent ready completions.</summary>
    /// <param name="index">The index of the first; below <paramref name="ready"/>.</param>
    /// <param name="ready">The value of <see cref="Ready"/>.</param>
    /// <param name="count">The number of adjacent completions, up to <paramref name="ready"/> or the end of the ring; at least one.</param>
    /// <returns>The first completion, valid until <see cref="Advance"/>.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Completion* PeekRun(uint index, uint ready, out uint count)
    {
        uint position = (_head + index) & _mask;
        count = uint.Min(ready - index, Capacity - position);
        return (Completion*)(_entries + ((nuint)position * EntrySize));
    }

    /// <summary>Returns the oldest entries to the kernel.</summary>
    /// <param name="count">The number of completions that were read; at most <see cref="Ready"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Advance(uint count)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _head += count;
        // Release: all reads of the entries happen before the kernel may overwrite them.
        Volatile.Write(ref *_sharedHead, _head);
    }

    /// <summary>Gets a value indicating whether the ring is closed. Calls throw then.</summary>
    internal bool IsEnded => _isDisposed;

    /// <summary>Makes later calls throw. Called before the memory is unmapped.</summary>
    internal void End() => _isDisposed = true;
}
