using System.Runtime.CompilerServices;
using Zcrx.Interop.Abi;

namespace Zcrx.Interop;

/// <summary>The refill queue: how buffers go back to the kernel.</summary>
/// <remarks>
/// Single producer: the ring's thread, as long as the queue <see cref="IsOurs"/>; throws <see cref="ObjectDisposedException"/> once the queue has been disposed. The kernel consumes it when the NIC needs buffers, or, device-less, when it is flushed.
/// Where head, tail and entries lie in the region is the kernel's answer to the registration, not a constant (7.3 moved them).
/// </remarks>
public sealed unsafe class RefillQueue
{
    private readonly io_uring_zcrx_rqe* _entries;
    private readonly uint* _sharedHead;
    private readonly uint* _sharedTail;
    private readonly uint _mask;
    private uint _tail;
    private uint _published;
    // Where the queue is full, as of the head last seen.
    private uint _limit;
    private bool _isOurs;
    private bool _isDisposed;

    /// <param name="region">Where it lies.</param>
    /// <param name="offsets">Where in it.</param>
    /// <param name="entries">How many it holds.</param>
    /// <param name="isOurs">Whether to write it from the start; if not, <see cref="Begin"/> says when.</param>
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

    /// <summary>Whether entries are written here. If not, somebody else does, and <see cref="TryAppend"/> finds no room, ever.</summary>
    internal bool IsOurs => _isOurs;

    /// <summary>Entries that the queue holds; a power of two.</summary>
    public uint Capacity { get; }

    /// <summary>Entries written and not yet consumed by the kernel.</summary>
    // Acquire: pairs with the kernel's release of head. The head first: the tail of somebody else, read later, is never behind it.
    public uint Depth
    {
        get
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            uint head = Volatile.Read(ref *_sharedHead);
            return (_isOurs ? _tail : Volatile.Read(ref *_sharedTail)) - head;
        }
    }

    /// <summary>Writes one entry, not yet visible to the kernel.</summary>
    /// <param name="offset">Area token | byte offset, as the completion gave it.</param>
    /// <returns>False when the queue is full: hold the buffer back, publish, flush, try again. It is never overwritten and never dropped.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryAppend(ulong offset)
    {
        // The head is read only when the last one seen says full: once per lap instead of once per entry.
        if ((int)(_limit - _tail) <= 0 && !FindRoom())
        {
            return false;
        }

        io_uring_zcrx_rqe* entry = &_entries[_tail & _mask];
        *entry = new io_uring_zcrx_rqe { off = offset };
        _tail++;
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

    /// <summary>Goes on behind the published tail, wherever somebody else has left it.</summary>
    internal void Begin()
    {
        _isOurs = true;
        _tail = _published = Volatile.Read(ref *_sharedTail);
        _limit = Volatile.Read(ref *_sharedHead) + Capacity;
    }

    /// <summary>Publishes what was written, and writes nothing more: somebody else does.</summary>
    internal void Cede()
    {
        Publish();
        _isOurs = false;
        _limit = _tail;
    }

    /// <summary>The memory is about to go. The next entry finds the queue full, as it seems, and looks here: so entries need no check of their own.</summary>
    internal void End()
    {
        _isDisposed = true;
        _limit = _tail;
    }

    private bool FindRoom()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!_isOurs)
        {
            return false;
        }

        // Acquire: an entry may be overwritten once the head that is past it has been read.
        _limit = Volatile.Read(ref *_sharedHead) + Capacity;
        return (int)(_limit - _tail) > 0;
    }
}
