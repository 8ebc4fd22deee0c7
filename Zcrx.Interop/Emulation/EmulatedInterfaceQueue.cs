using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Interop.Emulation;

/// <summary>Represents the kernel's side of an interface queue: areas, refill ring, statistics, notifications and users.</summary>
/// <remarks>
/// Several rings use a queue that was exported and imported, each ring on its own thread. <see cref="Gate"/> therefore guards all members.
/// </remarks>
internal sealed unsafe class EmulatedInterfaceQueue
{
    private const int FlushBatch = 32;
    private const int MaxAreas = 1024;

    private readonly List<EmulatedArea> _areas = [];
    private readonly uint* _sharedHead;
    private readonly uint* _sharedTail;
    private readonly io_uring_zcrx_rqe* _entries;
    private readonly uint _entryCount;
    private readonly zcrx_stats* _stats;
    private readonly uint _allowedEvents;
    private readonly ulong _eventUserData;
    private readonly int _bufferShift;
    private readonly bool _foldsEntries;
    private uint _head;
    private uint _firedEvents;
    private EmulatedRing? _eventRing;
    private int _users = 1;

    public EmulatedInterfaceQueue(EmulatedRing owner, EmulatedKernelProfile profile, byte* region, uint entryCount, in zcrx_event_desc events, int bufferShift)
    {
        _sharedHead = (uint*)region;
        _sharedTail = (uint*)(region + profile.TailOffset);
        _entries = (io_uring_zcrx_rqe*)(region + profile.EntriesOffset);
        _entryCount = entryCount;
        _bufferShift = bufferShift;
        _foldsEntries = profile.FoldsRefillEntries;
        new Span<byte>(region, (int)profile.EntriesOffset).Clear();
        _allowedEvents = events.type_mask;
        _eventUserData = events.user_data;
        // As in the kernel, a queue refers to a ring only if the ring receives notifications of the queue.
        _eventRing = events.type_mask != 0 ? owner : null;
        if ((events.flags & ZCRX_EVENT_DESC_FLAG_STATS) != 0)
        {
            _stats = (zcrx_stats*)(region + events.stats_offset);
            *_stats = default;
        }
    }

    // EmulatedKernel documents the lock order.
    public Lock Gate { get; } = new();

    /// <summary>Gets the network interface whose RX queue receives into the areas of this queue; null in device-less mode.</summary>
    public EmulatedNic? Nic { get; private set; }

    /// <summary>Gets the index of the RX queue on <see cref="Nic"/>.</summary>
    public int RxQueue { get; private set; }

    /// <summary>Gets the page pool of the RX queue; null in device-less mode.</summary>
    public EmulatedPagePool? Pool { get; private set; }

    /// <summary>Gets a value indicating whether the interface was removed. The queue has then lost its RX queue.</summary>
    public bool HasLostDevice => Nic is { } nic && nic.ProviderOf(RxQueue) != this;

    /// <summary>Gets the areas. Free buffers are taken from the first area that has some.</summary>
    public List<EmulatedArea> Areas => _areas;

    public bool HasFreeBuffer
    {
        get
        {
            foreach (EmulatedArea area in _areas)
            {
                if (area.FreeCount > 0)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Gets a value indicating whether a second ring or an exported descriptor uses the queue.</summary>
    public bool IsShared => _users > 1;

    public int BufferLength => 1 << _bufferShift;

    /// <summary>
    /// Gets the number of refill entries that returned a buffer which user space did not have. The kernel ignores such entries silently, so
    /// only a simulation can detect the error.
    /// </summary>
    public int EntriesIgnored { get; private set; }

    /// <summary>Adds an area and returns its token; −EINVAL when there are too many.</summary>
    public long AddArea(nint address, nuint length)
    {
        if (_areas.Count == MaxAreas)
        {
            return -EINVAL;
        }

        EmulatedArea area = new((uint)_areas.Count, address, length, _bufferShift);
        _areas.Add(area);
        return (long)area.Token;
    }

    /// <summary>
    /// Gives the memory of unused areas back to the operating system. An area is unused if all its buffers are free. The first area always
    /// keeps its memory.
    /// </summary>
    /// <returns>The number of areas whose memory was given back.</returns>
    public int Trim()
    {
        lock (Gate)
        {
            int trimmed = 0;
            for (int i = 1; i < _areas.Count; i++)
            {
                trimmed += _areas[i].TryTrim() ? 1 : 0;
            }

            return trimmed;
        }
    }

    /// <summary>Makes an RX queue receive into the areas of this queue. Returns zero, or a negative errno if nothing has changed.</summary>
    public int BindTo(EmulatedNic nic, uint rxQueue)
    {
        int result = nic.Bind(rxQueue, this);
        if (result == 0)
        {
            Nic = nic;
            RxQueue = (int)rxQueue;
            Pool = new EmulatedPagePool(this);
        }

        return result;
    }

    public void AddUser()
    {
        lock (Gate)
        {
            _users++;
        }
    }

    /// <summary>
    /// Removes a user of the queue, which is a ring or an exported descriptor. A removed ring receives no further notifications. When the
    /// last user is removed, the buffers are freed.
    /// </summary>
    public void RemoveUser(EmulatedRing? ring)
    {
        lock (Gate)
        {
            if (ring is not null && _eventRing == ring)
            {
                _eventRing = null;
            }

            if (--_users == 0)
            {
                // Unbind the RX queue first, so that no further packet takes a buffer.
                Nic?.Unbind(this);
                foreach (EmulatedArea area in _areas)
                {
                    area.Scrub();
                }
            }
        }
    }

    /// <summary>Implements <c>ZCRX_CTRL_FLUSH_RQ</c>: consumes entries in batches of 32, and stops after the first invalid entry.</summary>
    public void Flush()
    {
        uint total = 0;
        int parsed;
        do
        {
            parsed = ParseBatch(FlushBatch, null);
            total += (uint)parsed;
        }
        while (parsed == FlushBatch && total < _entryCount);
    }

    /// <summary>
    /// Implements <c>ZCRX_CTRL_ARM_EVENT</c>, which arms a notification type again. Fails with −EINVAL if the type has not fired.
    /// </summary>
    public int Arm(uint type)
    {
        if (type > ZCRX_EVENT_COPY || (_firedEvents & (1u << (int)type)) == 0)
        {
            return -EINVAL;
        }

        _firedEvents &= ~(1u << (int)type);
        return 0;
    }

    /// <summary>Adds copied fragments and bytes to the copy counters.</summary>
    public void CountCopies(uint fragments, ulong bytes)
    {
        if (_stats is null)
        {
            return;
        }

        // As in the kernel, each counter is stored as a whole. A reader on another thread sees the old or the new value.
        Volatile.Write(ref _stats->copy_count, _stats->copy_count + fragments);
        Volatile.Write(ref _stats->copy_bytes, _stats->copy_bytes + bytes);
    }

    /// <summary>
    /// Posts a notification to the ring that registered the queue. A type that was posted must be armed again before it is posted again.
    /// </summary>
    public void Notify(uint type)
    {
        uint mask = 1u << (int)type;
        if ((_allowedEvents & mask) == 0 || (_firedEvents & mask) != 0 || _eventRing is not { } ring || ring.LosesNotifications)
        {
            return;
        }

        _firedEvents |= mask;
        ring.PostFromQueue(_eventUserData, (int)type);
    }

    /// <summary>
    /// Consumes at most <paramref name="count"/> refill entries, and returns their buffers to the page pool or the free lists. Skips
    /// invalid entries.
    /// </summary>
    public void Refill(EmulatedPagePool pool, int count) => _ = ParseBatch(count, pool);

    /// <param name="most">The largest number of entries to consume.</param>
    /// <param name="pool">The page pool that takes its buffers back; null to return all buffers to the free lists.</param>
    private int ParseBatch(int most, EmulatedPagePool? pool)
    {
        uint tail = Volatile.Read(ref *_sharedTail);
        // User space may write any tail. An invalid tail must not make the kernel read more entries than the ring has.
        uint available = uint.Min(tail - _head, _entryCount);
        uint count = uint.Min(available, (uint)most);
        int parsed = 0;
        for (; parsed < count; parsed++)
        {
            io_uring_zcrx_rqe entry = _entries[_head & (_entryCount - 1)];
            _head++;
            if (!TryFind(entry, out EmulatedArea? area, out int buffer))
            {
                if (pool is not null)
                {
                    continue;
                }

                break;
            }

            int references = 1;
            // A page pool handles consecutive entries of one buffer together. A flush handles them one by one.
            for (; pool is not null && _foldsEntries && parsed + 1 < count && IsOf(_entries[_head & (_entryCount - 1)], area!, buffer); parsed++, references++)
            {
                _head++;
            }

            if (!area!.DropUserReferences(buffer, references))
            {
                EntriesIgnored++;
                continue;
            }

            if (pool is not null && area.IsPooled(buffer))
            {
                pool.Add(area, buffer);
            }
            else
            {
                area.Free(buffer);
            }
        }

        Volatile.Write(ref *_sharedHead, _head);
        return parsed;
    }

    private bool IsOf(in io_uring_zcrx_rqe entry, EmulatedArea area, int buffer) =>
        TryFind(entry, out EmulatedArea? otherArea, out int otherBuffer) && otherArea == area && otherBuffer == buffer;

    private bool TryFind(in io_uring_zcrx_rqe entry, out EmulatedArea? area, out int buffer)
    {
        area = null;
        buffer = 0;
        ulong areaId = entry.off >> IORING_ZCRX_AREA_SHIFT;
        ulong index = (entry.off & ~IORING_ZCRX_AREA_MASK) >> _bufferShift;
        if (entry.__pad != 0 || areaId >= (ulong)_areas.Count)
        {
            return false;
        }

        area = _areas[(int)areaId];
        if (index >= (ulong)area.Buffers)
        {
            return false;
        }

        buffer = (int)index;
        return true;
    }
}
