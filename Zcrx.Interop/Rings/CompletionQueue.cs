using System.Runtime.CompilerServices;
using Zcrx.Interop.Abi;

namespace Zcrx.Interop;

/// <summary>The completion side of a ring, read in batches: look at <see cref="Ready"/>, read that many, <see cref="Advance"/> once.</summary>
/// <remarks>Used by the ring's thread only; throws <see cref="ObjectDisposedException"/> once the ring has been disposed.</remarks>
public sealed unsafe class CompletionQueue
{
    /// <summary>Bytes of one completion; the rings here are set up with CQE32.</summary>
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

    /// <summary>How many completions the ring holds; a power of two.</summary>
    public uint Capacity { get; }

    /// <summary>Completions that the kernel has dropped for good since the ring was made. Anything but 0 means lost completions.</summary>
    public uint Dropped
    {
        get
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return Volatile.Read(ref *_overflow);
        }
    }

    /// <summary>How many completions can be read now.</summary>
    public uint Ready
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            // Acquire: the kernel writes the entries before the tail that covers them. The counters wrap at 2^32, the difference does not.
            return Volatile.Read(ref *_sharedTail) - _head;
        }
    }

    /// <summary>One of the ready completions.</summary>
    /// <param name="index">0 for the oldest; below <see cref="Ready"/>.</param>
    /// <returns>A view of the ring, valid until <see cref="Advance"/>.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref readonly Completion Peek(uint index)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return ref Unsafe.AsRef<Completion>(_entries + ((nuint)((_head + index) & _mask) * EntrySize));
    }

    /// <summary>Ready completions that lie side by side.</summary>
    /// <param name="index">Where to begin; below <paramref name="ready"/>.</param>
    /// <param name="ready">What <see cref="Ready"/> has said.</param>
    /// <param name="count">As many as there are up to <paramref name="ready"/>, or to the end of the ring; at least one.</param>
    /// <returns>The first of them, valid until <see cref="Advance"/>.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Completion* PeekRun(uint index, uint ready, out uint count)
    {
        uint position = (_head + index) & _mask;
        count = uint.Min(ready - index, Capacity - position);
        return (Completion*)(_entries + ((nuint)position * EntrySize));
    }

    /// <summary>Gives the oldest entries back to the kernel.</summary>
    /// <param name="count">How many have been read; at most <see cref="Ready"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Advance(uint count)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _head += count;
        // Release: the entries must have been read before the kernel may overwrite them.
        Volatile.Write(ref *_sharedHead, _head);
    }

    /// <summary>The memory is about to go.</summary>
    internal void End() => _isDisposed = true;
}
