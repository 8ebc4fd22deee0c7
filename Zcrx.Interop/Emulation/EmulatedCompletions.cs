using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop.Emulation;

/// <summary>
/// Posts completions to the completion queue of one ring, in order. While the queue is full, completions wait in an overflow list, so none
/// is lost.
/// </summary>
/// <param name="memory">The memory of the ring.</param>
/// <param name="isMixed">Whether completions with data take two slots and all others one (CQE_MIXED).</param>
internal sealed unsafe class EmulatedCompletions(EmulatedRingMemory memory, bool isMixed)
{
    private readonly Queue<Entry> _overflow = new();
    private readonly byte* _slots = memory.Completions;
    private readonly int _slotSize = memory.CompletionSize;
    private readonly uint _mask = memory.CompletionEntries - 1;
    private uint _tail;
    // The number of completions with data for which slots are reserved.
    private int _reserved;

    /// <summary>Gets the tail: the number of slots that have been filled so far, published or not.</summary>
    public uint Tail => _tail;

    /// <summary>Gets the number of filled slots that user space has not consumed.</summary>
    public uint Ready => _tail - memory.CompletionHead;

    /// <summary>Gets the number of free slots.</summary>
    public uint Space
    {
        get
        {
            uint used = Ready;
            // User space may write any head. If the head is beyond the tail, the ring counts as full.
            return used > _mask + 1 ? 0 : _mask + 1 - used;
        }
    }

    /// <summary>
    /// Gets the number of completions with data that can be posted. It is 0 while older completions wait in the overflow
    /// list, so that new completions do not overtake them.
    /// </summary>
    public uint DataSpace
    {
        get
        {
            uint space = _overflow.Count > 0 ? 0 : Space;
            if (!isMixed)
            {
                return space;
            }

            // Each completion takes two adjacent slots, which must not wrap around the end of the ring.
            uint untilEnd = uint.Min(space, _mask + 1 - (_tail & _mask));
            return (untilEnd / 2) + ((space - untilEnd) / 2);
        }
    }

    /// <summary>Gets a value indicating whether completions wait in the overflow list.</summary>
    public bool HasOverflow => _overflow.Count > 0;

    /// <summary>Gets the number of further completions with data for which slots can be reserved.</summary>
    public int Reservable => _overflow.Count > 0 ? 0 : int.Max((int)(isMixed ? (Space == 0 ? 0 : (Space - 1) / 2) : Space) - _reserved, 0);

    /// <summary>
    /// Reserves slots for completions with data. Called before data is received, since received data cannot return to the socket.
    /// </summary>
    /// <param name="count">The number of completions; negative to release reserved slots.</param>
    public void Reserve(int count) => _reserved += count;

    /// <summary>Posts a completion with data into reserved slots.</summary>
    public void PostReserved(ulong userData, int length, ulong bufferOffset)
    {
        _reserved--;
        PostData(userData, length, bufferOffset);
    }

    /// <summary>Posts a completion without data.</summary>
    public void Post(ulong userData, int result, uint flags)
    {
        if (_overflow.Count > 0 || Space <= ReservedSlots)
        {
            _overflow.Enqueue(new Entry(userData, result, flags));
            memory.ShowOverflow(true);
            return;
        }

        *Next() = new io_uring_cqe { user_data = userData, res = result, flags = flags };
    }

    /// <summary>Posts a completion with data. The caller must not post more than <see cref="DataSpace"/> of them.</summary>
    public void PostData(ulong userData, int length, ulong bufferOffset)
    {
        uint flags = IORING_CQE_F_MORE;
        if (isMixed)
        {
            flags |= IORING_CQE_F_32;
            if ((_tail & _mask) == _mask)
            {
                // A completion of two slots must not wrap, so a padding entry fills the last slot.
                *Next() = new io_uring_cqe { flags = IORING_CQE_F_SKIP };
            }
        }

        io_uring_cqe* entry = Next();
        *entry = new io_uring_cqe { user_data = userData, res = length, flags = flags };
        *(io_uring_zcrx_cqe*)(entry + 1) = new io_uring_zcrx_cqe { off = bufferOffset };
        if (isMixed)
        {
            _tail++;
        }
    }

    /// <summary>Publishes the posted completions to user space.</summary>
    public void Publish() => memory.PublishCompletions(_tail);

    /// <summary>Moves completions from the overflow list into the ring while the ring has free slots.</summary>
    public void FlushOverflow()
    {
        while (_overflow.Count > 0 && Space > ReservedSlots)
        {
            Entry completion = _overflow.Dequeue();
            *Next() = new io_uring_cqe { user_data = completion.UserData, res = completion.Result, flags = completion.Flags };
        }

        if (_overflow.Count == 0)
        {
            memory.ShowOverflow(false);
        }
    }

    // With CQE_MIXED, each reserved completion takes two slots. One more slot may be needed as padding at the end of the ring.
    private uint ReservedSlots => isMixed && _reserved > 0 ? (2 * (uint)_reserved) + 1 : (uint)_reserved;

    private io_uring_cqe* Next() => (io_uring_cqe*)(_slots + ((nuint)(_tail++ & _mask) * (nuint)_slotSize));

    private readonly record struct Entry(ulong UserData, int Result, uint Flags);
}
