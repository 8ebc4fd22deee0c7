using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Zcrx.Interop.Abi;

namespace Zcrx.Interop;

/// <summary>Represents the refill queue, through which buffers return to the kernel.</summary>
/// <remarks>
/// Single producer: the ring thread, while <see cref="IsOurs"/> is true. The kernel consumes entries when the NIC needs buffers or,
/// without a NIC, on a flush. The kernel returns the offsets of head, tail and entries at registration. Linux 7.3 changed
/// these offsets. Members throw <see cref="ObjectDisposedException"/> after disposal.
/// </remarks>
public sealed unsafe class RefillQueue
{
    private readonly io_uring_zcrx_rqe* _entries;
    private readonly uint* _sharedHead;
    private readonly uint* _sharedTail;
    private readonly uint _mask;
    private uint _tail;
    private uint _published;
    // The tail at which the queue is full, computed from the last head that was read.
    private uint _limit;
    private bool _isOurs;
    private bool _isDisposed;

    /// <param name="region">The region of the queue.</param>
    /// <param name="offsets">The offsets of the queue in the region.</param>
    /// <param name="entries">The number of entries.</param>
    /// <param name="isOurs">
    /// Whether this ring writes entries from the start. Otherwise, it starts to write when <see cref="Begin"/> is called.
    /// </param>
    internal RefillQueue(byte* region, in io_uring_zcrx_offsets offsets, uint entries, bool isOurs = true)
    {
        _sharedHead = (uint*)(region + offsets.head);
        _sharedTail = (uint*)(region + offsets.tail);
        _entries = (io_uring_zcrx_rqe*)(region + offsets.rqes);
        Capacity = entries;
        _mask = entries - 1;
        _tail = _published = _limit = Volatile.Read(ref *_sharedTail);
        if (isOurs)
        {
            Begin();
        }
    }

    /// <summary>
    /// Gets a value indicating whether this ring writes entries. Otherwise another producer does, and
    /// <see cref="TryAppend"/> returns false.
    /// </summary>
    internal bool IsOurs => _isOurs;

    /// <summary>Gets the number of entries that the queue holds; a power of two.</summary>
    public uint Capacity { get; }

    /// <summary>Gets the number of entries that are written and not yet consumed by the kernel.</summary>
    // Acquire: pairs with the kernel's release of head. Head is read before the tail of another producer, so that the
    // difference is never negative.
    public uint Depth
    {
        get
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            uint head = Volatile.Read(ref *_sharedHead);
            return (_isOurs ? _tail : Volatile.Read(ref *_sharedTail)) - head;
        }
    }

    /// <summary>Writes one entry that is not yet visible to the kernel.</summary>
    /// <param name="offset">The area token and byte offset of the completion.</param>
    /// <returns>
    /// False when the queue is full. Keep the entry, publish, flush, and try again. The queue never drops or overwrites an entry.
    /// </returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryAppend(ulong offset)
    {
        // The head is read only when the limit is reached, about once per round of the ring instead of once per entry.
        if ((int)(_limit - _tail) <= 0)
        {
            return TryAppendAfterLimit(offset);
        }

        Append(offset);
        return true;
    }

    /// <summary>Makes the written entries visible to the kernel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Publish()
    {
        if (_published != _tail)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _published = _tail;
            // Release: an entry's contents must be visible before the tail that covers it.
            Volatile.Write(ref *_sharedTail, _tail);
        }
    }

    /// <summary>Begins to write entries, from the tail that another producer has published.</summary>
    internal void Begin()
    {
        _isOurs = true;
        _tail = _published = Volatile.Read(ref *_sharedTail);
        _limit = Volatile.Read(ref *_sharedHead) + Capacity;
    }

    /// <summary>Publishes the written entries and stops writing, so that another producer can write.</summary>
    internal void Cede()
    {
        Publish();
        _isOurs = false;
        _limit = _tail;
    }

    /// <summary>
    /// Makes later calls of <see cref="TryAppend"/> throw, because the memory is about to be unmapped. The limit then leaves no
    /// room, so each call takes the slow path, which checks. The fast path needs no check.
    /// </summary>
    internal void End()
    {
        _isDisposed = true;
        _limit = _tail;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Append(ulong offset)
    {
        uint tail = _tail;
        // One store writes the whole entry: the offset, and zeros for its other fields.
        Vector128.CreateScalar(offset).Store((ulong*)&_entries[tail & _mask]);
        _tail = tail + 1;
    }

    private bool TryAppendAfterLimit(ulong offset)
    {
        if (!FindRoom())
        {
            return false;
        }

        Append(offset);
        return true;
    }

    private bool FindRoom()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!_isOurs)
        {
            return false;
        }

        // Acquire: an entry may be overwritten only after the kernel has advanced head beyond it.
        _limit = Volatile.Read(ref *_sharedHead) + Capacity;
        return (int)(_limit - _tail) > 0;
    }
}
