using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Zcrx.Interop.Abi;

namespace Zcrx.Interop;

/// <summary>Represents the refill queue, through which buffers return to the kernel.</summary>
/// <remarks>
/// While <see cref="IsOurs"/> is true, only the ring thread may write entries. The kernel consumes entries when the NIC needs buffers.
/// Without a NIC, it consumes them on a flush. The offsets of head, tail and entries differ between kernels, so the registration returns
/// them. Members throw <see cref="ObjectDisposedException"/> after disposal.
/// </remarks>
public sealed unsafe class RefillQueue
{
    private readonly io_uring_zcrx_rqe* _entries;
    private readonly uint* _sharedHead;
    private readonly uint* _sharedTail;
    private readonly uint _mask;
    private uint _tail;
    private uint _published;
    // The tail at which the queue is full. Computed from the last head that was read.
    private uint _limit;
    private bool _isOurs;
    private bool _isDisposed;

    /// <param name="region">The region of the queue.</param>
    /// <param name="offsets">The offsets of the parts of the queue in the region.</param>
    /// <param name="entries">The number of entries.</param>
    /// <param name="isOurs">
    /// Whether this ring writes entries from the start. If not, it writes none before <see cref="Begin"/> is called.
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
    /// Gets a value indicating whether this ring writes the entries. If another producer does, <see cref="TryAppend"/> returns false.
    /// </summary>
    internal bool IsOurs => _isOurs;

    /// <summary>Gets the number of entries that the queue holds; a power of two.</summary>
    public uint Capacity { get; }

    /// <summary>Gets the number of written entries that the kernel has not consumed.</summary>
    // An acquire load of head, which the kernel stores with release. Head is read before the tail of another producer, so that the
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

    /// <summary>Writes one entry. The kernel sees it after <see cref="Publish"/>.</summary>
    /// <param name="offset">The offset from the completion, which contains the area id and the byte offset.</param>
    /// <returns>
    /// False when the queue is full. The caller must then publish, flush and try again. The queue never drops or overwrites an entry.
    /// </returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryAppend(ulong offset)
    {
        // Reading head costs a cache miss, so it is read only when the limit is reached, about once per round of the ring.
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
            // A release store: the entries must be visible before the tail.
            Volatile.Write(ref *_sharedTail, _tail);
        }
    }

    /// <summary>Begins to write entries. The first one follows the last entry that another producer has published.</summary>
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
    /// Makes later calls of <see cref="TryAppend"/> throw. Called before the memory is unmapped. The queue then counts as full, so each
    /// call takes the slow path, which checks for disposal. The fast path needs no check.
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

        // An acquire load: an entry may be overwritten only after the kernel has advanced head beyond it.
        _limit = Volatile.Read(ref *_sharedHead) + Capacity;
        return (int)(_limit - _tail) > 0;
    }
}
