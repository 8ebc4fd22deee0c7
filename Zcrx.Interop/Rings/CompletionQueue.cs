using System.Runtime.CompilerServices;
using Zcrx.Interop.Abi;

namespace Zcrx.Interop;

/// <summary>
/// Reads the completions of a ring in batches. For each batch, read <see cref="Ready"/>, handle that many completions, then call
/// <see cref="Advance"/> once.
/// </summary>
/// <remarks>
/// For the ring thread only. Another thread may read only while the ring thread can neither call <see cref="Advance"/> nor close the ring.
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

    /// <summary>Gets the number of completions that the kernel has lost since the ring was created.</summary>
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
            // An acquire load: the kernel writes the entries before the tail. The counters wrap at 2^32, but their difference stays
            // correct.
            return Volatile.Read(ref *_sharedTail) - _head;
        }
    }

    /// <summary>Returns one of the ready completions.</summary>
    /// <param name="index">The index of the completion, below <see cref="Ready"/>. 0 is the oldest one.</param>
    /// <returns>A reference into the ring, valid until <see cref="Advance"/>.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref readonly Completion Peek(uint index)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return ref Unsafe.AsRef<Completion>(_entries + ((nuint)((_head + index) & _mask) * EntrySize));
    }

    /// <summary>Returns ready completions that are adjacent in memory.</summary>
    /// <param name="index">The index of the first completion, below <paramref name="ready"/>.</param>
    /// <param name="ready">The value that <see cref="Ready"/> returned.</param>
    /// <param name="count">
    /// The number of adjacent completions, at least one. They end at the last ready completion or at the end of the ring.
    /// </param>
    /// <returns>The first completion, valid until <see cref="Advance"/>.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Completion* PeekRun(uint index, uint ready, out uint count)
    {
        uint position = (_head + index) & _mask;
        count = uint.Min(ready - index, Capacity - position);
        return (Completion*)(_entries + ((nuint)position * EntrySize));
    }

    /// <summary>Returns the slots of the oldest completions to the kernel.</summary>
    /// <param name="count">The number of completions that were read; at most <see cref="Ready"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Advance(uint count)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _head += count;
        // A release store: all reads of the entries happen before the kernel can overwrite them.
        Volatile.Write(ref *_sharedHead, _head);
    }

    /// <summary>Gets a value indicating whether the ring is closed. Other members then throw.</summary>
    internal bool IsEnded => _isDisposed;

    /// <summary>Makes later calls throw. Called before the memory is unmapped.</summary>
    internal void End() => _isDisposed = true;
}
