using System.Runtime.CompilerServices;
using Zcrx.Interop.Abi;

namespace Zcrx.Interop;

/// <summary>Prepares the submissions of a ring, and publishes them together.</summary>
/// <remarks>
/// For the ring thread only. Members throw <see cref="ObjectDisposedException"/> once the ring is disposed. The ring is set up with
/// NO_SQARRAY, so entry <c>i</c> is in the slot <c>i &amp; mask</c>.
/// </remarks>
public sealed unsafe class SubmissionQueue
{
    private readonly io_uring_sqe* _entries;
    private readonly uint* _head;
    private readonly uint* _tail;
    private readonly uint* _flags;
    private readonly uint _mask;
    private uint _prepared;
    private uint _published;
    private bool _isDisposed;

    internal SubmissionQueue(byte* ring, io_uring_sqe* entries, in io_uring_params parameters)
    {
        _entries = entries;
        _head = (uint*)(ring + parameters.sq_off.head);
        _tail = (uint*)(ring + parameters.sq_off.tail);
        _flags = (uint*)(ring + parameters.sq_off.flags);
        Capacity = *(uint*)(ring + parameters.sq_off.ring_entries);
        _mask = *(uint*)(ring + parameters.sq_off.ring_mask);
        _prepared = _published = *_tail;
    }

    /// <summary>Gets the number of entries that the ring holds; a power of two.</summary>
    public uint Capacity { get; }

    /// <summary>Gets the number of prepared entries that the kernel has not consumed.</summary>
    public uint Pending
    {
        get
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return _prepared - Volatile.Read(ref *_head);
        }
    }

    /// <summary>
    /// Gets a value indicating whether completions wait in the kernel's overflow list. They do so while the completion ring is full.
    /// </summary>
    public bool IsCompletionOverflown
    {
        get
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return (Volatile.Read(ref *_flags) & LinuxIoUring.IORING_SQ_CQ_OVERFLOW) != 0;
        }
    }

    /// <summary>
    /// Returns the next free entry, zeroed. Returns null when the ring is full. The caller must then submit and try again.
    /// </summary>
    /// <remarks>Corresponds to <c>io_uring_get_sqe</c>.</remarks>
    /// <returns>An entry to fill in. It is submitted with the next submission.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public io_uring_sqe* TryPrepare()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        // An acquire load of head, which the kernel stores with release. An entry may be overwritten only after the kernel has read it.
        uint head = Volatile.Read(ref *_head);
        if (_prepared - head >= Capacity)
        {
            return null;
        }

        // Counters wrap at 2^32. Only their masked value is an index.
        io_uring_sqe* entry = &_entries[_prepared & _mask];
        *entry = default;
        _prepared++;
        return entry;
    }

    /// <summary>Makes the prepared entries visible to the kernel.</summary>
    /// <returns>The number of entries that the kernel has not consumed, including those of earlier calls.</returns>
    internal uint Publish()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_published != _prepared)
        {
            _published = _prepared;
            // A release store: the entries must be visible before the tail.
            Volatile.Write(ref *_tail, _prepared);
        }

        return Pending;
    }

    /// <summary>Makes later calls throw. Called before the memory is unmapped.</summary>
    internal void End() => _isDisposed = true;
}
