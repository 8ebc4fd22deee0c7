using System.Runtime.InteropServices;
using Zcrx.Interop.Abi;
using Zcrx.Interop.HostRings;
using Zcrx.Interop.Emulation;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Interop.Multishot;

/// <summary>Provides free buffers of an interface queue to the kernel, in a provided-buffer ring of one host ring.</summary>
/// <remarks>
/// <para>Only a part of the free buffers is provided. The others stay in the free lists of the areas. A free list returns the buffer that
/// was freed last, which is probably still in the processor's caches.</para>
/// <para>Used on the thread of the ring and under the lock of the queue. The kernel takes buffers in order, and only during a call of
/// <c>io_uring_enter</c>. Between such calls, buffers can be taken back.</para>
/// </remarks>
internal sealed unsafe class ProvidedBuffers : IDisposable
{
    // The number of entries in the ring of buffers, a power of two. The id of a buffer is its position in the ring.
    private const int Capacity = 1024;
    private const int Mask = Capacity - 1;

    // The largest number of provided buffers: one for a message of each of 512 connections. 512 pages are 2 MiB, which fit into an L2 or L3
    // cache.
    private const int Window = 512;

    // If other rings use the queue as well, one ring provides at most 1/8 of all buffers.
    private const int SharedPart = 8;

    private readonly EmulatedCompletions _completions;
    private readonly io_uring_buf* _ring;
    private readonly (EmulatedArea Area, int Buffer)[] _slots = new (EmulatedArea, int)[Capacity];
    private ushort _tail;
    private int _count;

    /// <param name="queue">The queue of the buffers.</param>
    /// <param name="group">The id of the buffer group, which is unique in the host ring.</param>
    /// <param name="completions">The completions of the caller's ring. A slot is reserved there for each provided buffer.</param>
    public ProvidedBuffers(EmulatedInterfaceQueue queue, ushort group, EmulatedCompletions completions)
    {
        Queue = queue;
        Group = group;
        _completions = completions;
        _ring = (io_uring_buf*)NativeMemory.AlignedAlloc(Capacity * (nuint)sizeof(io_uring_buf), (nuint)Environment.SystemPageSize);
        NativeMemory.Clear(_ring, Capacity * (nuint)sizeof(io_uring_buf));
    }

    /// <summary>Gets the queue to which the buffers belong.</summary>
    public EmulatedInterfaceQueue Queue { get; }

    /// <summary>Gets the id of the buffer group.</summary>
    public ushort Group { get; }

    /// <summary>Gets or sets the number of receive requests that use the buffers.</summary>
    public int Requests { get; set; }

    /// <summary>Gets the number of buffers that are provided now, from which the kernel can take.</summary>
    public int Count => _count;

    /// <summary>Registers the ring of buffers with the host ring. Returns zero or a negative errno.</summary>
    public int Register(HostRing ring)
    {
        io_uring_buf_reg registration = new() { ring_addr = (ulong)_ring, ring_entries = Capacity, bgid = Group };
        return ring.Register(IORING_REGISTER_PBUF_RING, &registration, 1);
    }

    /// <summary>Provides more buffers when half of the limit or less is left. Takes back buffers above the limit.</summary>
    public void Balance()
    {
        int limit = Limit();
        if (_count > limit)
        {
            TakeBack(_count - limit);
        }
        else if (_count <= limit / 2)
        {
            Fill(limit);
        }
    }

    /// <summary>Provides buffers after the kernel has found none.</summary>
    /// <returns>False when no buffer or no completion slot is free.</returns>
    public bool Refill()
    {
        Fill(Limit());
        return _count > 0;
    }

    /// <summary>Takes all provided buffers back into the free lists.</summary>
    public void TakeBack() => TakeBack(_count);

    /// <summary>Adds a user reference to a filled buffer and returns its offset.</summary>
    /// <param name="slot">The id of the buffer. A completion that covers several buffers has consecutive ids.</param>
    /// <returns>The area's token plus the offset of the buffer in the area.</returns>
    public ulong Deliver(int slot)
    {
        (EmulatedArea area, int buffer) = _slots[slot & Mask];
        area.AddUserReference(buffer);
        _count--;
        return area.Token | ((ulong)(uint)buffer << area.BufferShift);
    }

    /// <summary>Puts a buffer back into the free list. The kernel has taken the buffer but not filled it.</summary>
    public void PutBack(int slot)
    {
        (EmulatedArea area, int buffer) = _slots[slot & Mask];
        area.Free(buffer);
        _count--;
        _completions.Reserve(-1);
    }

    /// <summary>Frees the ring of buffers. Called after the host ring was closed.</summary>
    public void Dispose() => NativeMemory.AlignedFree(_ring);

    private int Limit()
    {
        if (Requests == 0)
        {
            return 0;
        }

        int limit = Window;
        if (Queue.IsShared)
        {
            int total = 0;
            foreach (EmulatedArea area in Queue.Areas)
            {
                total += area.Buffers;
            }

            limit = int.Clamp(total / SharedPart, 1, Window);
        }

        // Leave at least half of the free completion slots for completions without data.
        return int.Min(limit, _count + ((_completions.Reservable + 1) / 2));
    }

    private void Fill(int limit)
    {
        int before = _count;
        uint length = (uint)Queue.BufferLength;
        foreach (EmulatedArea area in Queue.Areas)
        {
            while (_count < limit && area.FreeCount > 0)
            {
                int buffer = area.TakeForPool();
                int slot = _tail & Mask;
                _slots[slot] = (area, buffer);
                io_uring_buf* entry = _ring + slot;
                // Do not write resv, because resv of the first entry is the tail of the ring.
                entry->addr = (ulong)(area.Address + ((nuint)buffer << area.BufferShift));
                entry->len = length;
                entry->bid = (ushort)slot;
                _tail++;
                _count++;
            }
        }

        _completions.Reserve(_count - before);
        PublishTail();
    }

    private void TakeBack(int count)
    {
        for (int i = 0; i < count; i++)
        {
            (EmulatedArea area, int buffer) = _slots[--_tail & Mask];
            area.Free(buffer);
        }

        _count -= count;
        _completions.Reserve(-count);
        PublishTail();
    }

    // A release store: the entries must be visible to the kernel before the tail.
    private void PublishTail() => Volatile.Write(ref _ring->resv, _tail);
}
