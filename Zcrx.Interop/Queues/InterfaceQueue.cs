using System.Runtime.CompilerServices;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Queues;
using Zcrx.Interop.Leases;
using Zcrx.Interop.Memory;
using static Zcrx.Interop.Abi.LinuxIoUring;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Interop;

/// <summary>A registered interface queue: the area that payload lands in, the refill queue that buffers go back through, the copy counters.</summary>
/// <remarks>
/// <para>Owned by the ring's thread, which alone may call it, except where a member says otherwise.</para>
/// <para>Teardown: end the receives, dispose the ring, then dispose the queue. Buffers that consumers still hold stay readable;
/// the memory goes with the last of them. After that every call that needs the kernel or the memory throws <see cref="ObjectDisposedException"/>.</para>
/// <para>Source: <c>IORING_REGISTER_ZCRX_IFQ</c>, <c>IORING_REGISTER_ZCRX_CTRL</c>.</para>
/// </remarks>
public sealed unsafe class InterfaceQueue : IDisposable
{
    private readonly IoRing _ring;
    private readonly MappedArea[] _areas = new MappedArea[MaxAreas];
    private readonly zcrx_stats* _statistics;
    private readonly CopyStatistics _before;
    private readonly Lock _statisticsGate = new();
    private CopyStatistics _lastStatistics;
    private int _areaCount;
    private bool _disposed;

    // The kernel's limit; an area id has 16 bits, so this also bounds the table.
    private const int MaxAreas = 1024;

    /// <param name="ring">The ring that has it.</param>
    /// <param name="id">Its id there.</param>
    /// <param name="memory">What it consists of; the caller's count on it goes over.</param>
    /// <param name="ledger">Knows the buffers that go out on this ring.</param>
    /// <param name="isImported">Whether another ring has registered it: then that one, or whoever took over from it, writes the refill queue.</param>
    internal InterfaceQueue(IoRing ring, uint id, QueueMemory memory, BufferLedger ledger, bool isImported)
    {
        _ring = ring;
        _statistics = memory.Statistics;
        Memory = memory;
        Id = id;
        BufferLength = memory.BufferLength;
        Refill = new RefillQueue((byte*)memory.Region.Address, memory.Offsets, memory.Entries, isOurs: !isImported);
        Ledger = ledger;
        ledger.Forward = memory.ReturnKept;
        memory.AddRings(1);
        foreach (MemoryRegion area in memory.Areas)
        {
            Use(area, _areaCount);
        }

        if (isImported)
        {
            // What was copied before is not this ring's.
            _before = ReadStatistics();
        }
    }

    /// <summary>The queue's id on its ring, for receive requests and control calls.</summary>
    public uint Id { get; }

    /// <summary>Bytes of one buffer; a completion never covers more.</summary>
    public int BufferLength { get; }

    /// <summary>Why buffers are pages although larger ones were asked for, as a clause; null when they are as asked.</summary>
    public string? WhyPageBuffers { get; internal init; }

    /// <summary>Buffers in all areas together.</summary>
    public int Buffers
    {
        get
        {
            int buffers = 0;
            for (int i = 0; i < Volatile.Read(ref _areaCount); i++)
            {
                buffers += (int)(_areas[i].Memory.Length / (nuint)BufferLength);
            }

            return buffers;
        }
    }

    /// <summary>How buffers go back.</summary>
    public RefillQueue Refill { get; }

    /// <summary>Whether the kernel keeps copy counters for this queue.</summary>
    public bool HasStatistics => _statistics != null;

    internal BufferLedger Ledger { get; }

    internal QueueMemory Memory { get; }

    /// <summary>Registers a queue on a ring.</summary>
    /// <param name="ring">The ring; of the calling thread.</param>
    /// <param name="options">What to register.</param>
    /// <param name="capabilities">What the ring's kernel can do.</param>
    /// <returns>The queue, owned by the caller.</returns>
    /// <exception cref="ZcrxException">The kernel refused; the message names cause and fix. Nothing is left behind.</exception>
    public static InterfaceQueue Register(IoRing ring, InterfaceQueueOptions options, ZcrxCapabilities capabilities) =>
        Register(ring, options, capabilities, static () => { });

    internal static InterfaceQueue Register(IoRing ring, InterfaceQueueOptions options, ZcrxCapabilities capabilities, Action wake)
    {
        ArgumentNullException.ThrowIfNull(ring);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(capabilities);
        return new Registration(ring, options, capabilities).Run(wake);
    }

    /// <summary>Where a received buffer lies.</summary>
    /// <param name="offset">The offset of a completion: area id on top, byte offset below.</param>
    /// <returns>Its address; valid as long as the area.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Address(ulong offset) =>
        // The mask keeps a corrupt area id inside the table; a slot without area gives a null base and fails at once instead of reading elsewhere.
        (byte*)_areas[(int)(offset >> IORING_ZCRX_AREA_SHIFT) & (MaxAreas - 1)].Address + (nuint)(offset & ~IORING_ZCRX_AREA_MASK);

    /// <summary>Checks that a completion points into an area.</summary>
    /// <param name="offset">The offset of the completion.</param>
    /// <param name="length">Its bytes.</param>
    /// <returns>False when the ring is corrupt.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Contains(ulong offset, int length)
    {
        ulong area = offset >> IORING_ZCRX_AREA_SHIFT;
        return area < (ulong)_areaCount && length > 0 && (offset & ~IORING_ZCRX_AREA_MASK) + (ulong)length <= _areas[area].Memory.Length;
    }

    internal AreaMemory AreaOf(ulong offset) => _areas[(int)(offset >> IORING_ZCRX_AREA_SHIFT) & (MaxAreas - 1)].View;

    /// <summary>The area that a completion points into, for a run of completions; one that contains nothing when there is none.</summary>
    internal AreaView ViewOf(ulong offset)
    {
        ulong id = offset >> IORING_ZCRX_AREA_SHIFT;
        return id < (ulong)_areaCount ? new AreaView((byte*)_areas[id].Address, id << IORING_ZCRX_AREA_SHIFT, _areas[id].Memory.Length) : default;
    }

    /// <summary>Prepares a multishot receive.</summary>
    /// <param name="socket">A connected TCP socket.</param>
    /// <param name="userData">What its completions carry.</param>
    /// <param name="budget">Bytes after which the request ends, 0 for no limit.</param>
    /// <returns>False when the submission queue is full: submit first.</returns>
    /// <remarks>Counterpart: <c>io_uring_prep_rw(IORING_OP_RECV_ZC, …)</c> with IORING_RECV_MULTISHOT.</remarks>
    public bool TryPrepareReceive(int socket, ulong userData, uint budget = 0) => TryPrepareReceive(socket, userData, budget, waitsFirst: false);

    // With waitsFirst the socket is not read before it has been waited for: then one wait is one read.
    internal bool TryPrepareReceive(int socket, ulong userData, uint budget, bool waitsFirst)
    {
        // IORING_RECVSEND_POLL_FIRST of io_uring.h.
        const ushort PollFirst = 1;
        ObjectDisposedException.ThrowIf(_disposed, this);
        io_uring_sqe* entry = _ring.Submission.TryPrepare();
        if (entry == null)
        {
            return false;
        }

        entry->opcode = IORING_OP_RECV_ZC;
        entry->fd = socket;
        entry->ioprio = waitsFirst ? (ushort)(IORING_RECV_MULTISHOT | PollFirst) : IORING_RECV_MULTISHOT;
        entry->len = budget;
        entry->zcrx_ifq_idx = Id;
        entry->user_data = userData;
        return true;
    }

    /// <summary>Lets the kernel consume the refill queue. Device-less nothing else does.</summary>
    /// <returns>Zero or a negative errno.</returns>
    public int Flush()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Refill.Publish();
        zcrx_ctrl control = new() { zcrx_id = Id, op = ZCRX_CTRL_FLUSH_RQ };
        return _ring.Kernel.Register(_ring.Fd, IORING_REGISTER_ZCRX_CTRL, &control, 0);
    }

    /// <summary>Arms a notification type that has fired.</summary>
    /// <param name="type">The type.</param>
    /// <returns>Zero; −EINVAL when it has not fired; another negative errno.</returns>
    public int Arm(ZcrxNotificationType type)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        zcrx_ctrl control = new() { zcrx_id = Id, op = ZCRX_CTRL_ARM_EVENT };
        control.zc_arm_event.event_type = (uint)type;
        return _ring.Kernel.Register(_ring.Fd, IORING_REGISTER_ZCRX_CTRL, &control, 0);
    }

    /// <summary>Exports the queue: a descriptor that keeps it alive after its ring.</summary>
    /// <returns>The descriptor, owned by the caller.</returns>
    /// <exception cref="ZcrxException">The kernel refused or cannot.</exception>
    public ExportedQueue Export()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        zcrx_ctrl control = new() { zcrx_id = Id, op = ZCRX_CTRL_EXPORT };
        int result = _ring.Kernel.Register(_ring.Fd, IORING_REGISTER_ZCRX_CTRL, &control, 0);
        return result < 0
            ? throw ControlErrors.Explain(ZCRX_CTRL_EXPORT, -result)
            : new ExportedQueue(_ring.Kernel, (int)control.zc_export.zcrx_fd, Memory);
    }

    /// <summary>Imports a queue into another ring, which can then receive into it and flush it.</summary>
    /// <param name="ring">The ring that is to use the queue.</param>
    /// <param name="export">The exported queue.</param>
    /// <returns>The queue's id on that ring.</returns>
    /// <exception cref="ZcrxException">The kernel refused or cannot.</exception>
    /// <remarks>The importer gets no notifications and has no refill queue of its own: the exporter's mapping is the one.</remarks>
    public static uint Import(IoRing ring, ExportedQueue export)
    {
        ArgumentNullException.ThrowIfNull(ring);
        ArgumentNullException.ThrowIfNull(export);
        io_uring_zcrx_ifq_reg registration = new() { flags = ZCRX_REG_IMPORT, if_idx = (uint)export.Fd };
        int result = ring.Kernel.Register(ring.Fd, IORING_REGISTER_ZCRX_IFQ, &registration, 1);
        return result < 0
            ? throw ImportErrors.Explain(-result, ZcrxCapabilities.Query(ring.Kernel), HostFacts.Read())
            : registration.zcrx_id;
    }

    /// <summary>Imports a queue into another ring, with everything that belongs to it in user space.</summary>
    /// <param name="ring">The ring that is to use the queue; of the calling thread.</param>
    /// <param name="export">The exported queue.</param>
    /// <param name="recordOrigins">Whether to note where each lease was taken.</param>
    /// <param name="checkBorrows">Whether each access to borrowed memory is checked.</param>
    /// <param name="wake">Wakes the ring's thread when a buffer comes back for which it waits.</param>
    /// <returns>The queue, owned by the caller. It writes no refill entries until <see cref="QueueMemory.SwitchToAsync"/>.</returns>
    /// <exception cref="ZcrxException">The kernel refused or cannot.</exception>
    internal static InterfaceQueue Import(IoRing ring, ExportedQueue export, bool recordOrigins, bool checkBorrows, Action wake)
    {
        QueueMemory memory = export.Memory;
        memory.AddOwner();
        try
        {
            return new InterfaceQueue(ring, Import(ring, export), memory, new BufferLedger(wake, recordOrigins, checkBorrows), isImported: true);
        }
        catch
        {
            memory.Release();
            throw;
        }
    }

    /// <summary>Grows the pool by another area of the same kind.</summary>
    /// <param name="size">Bytes; rounded up to whole pages. At most 1 GiB.</param>
    /// <exception cref="ZcrxUnsupportedException">The kernel cannot add areas to a running queue.</exception>
    /// <exception cref="ZcrxException">The kernel refused; the queue is as before.</exception>
    public void AddArea(nuint size)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        MemoryRegion memory = MemoryRegion.Allocate(size, _areas[0].Memory.IsHuge, "another area", _areas[0].Memory.IsShared);
        io_uring_zcrx_area_reg area = new() { addr = (ulong)memory.Address, len = memory.Length };
        zcrx_ctrl control = new() { zcrx_id = Id, op = ZCRX_CTRL_ADD_AREA };
        control.zc_area.area_ptr = (ulong)&area;
        int result = _ring.Kernel.Register(_ring.Fd, IORING_REGISTER_ZCRX_CTRL, &control, 0);
        if (result < 0)
        {
            memory.Release();
            throw ControlErrors.Explain(ZCRX_CTRL_ADD_AREA, -result);
        }

        int id = (int)(area.rq_area_token >> IORING_ZCRX_AREA_SHIFT);
        Memory.Add(memory);
        Use(memory, id);
    }

    /// <summary>The copy counters. Any thread, any time, without a system call.</summary>
    /// <returns>The counters, the last ones after disposal; zeros when the kernel keeps none.</returns>
    public CopyStatistics ReadStatistics()
    {
        // Locked against disposal: the counters lie in memory that goes with the queue, and samplers know nothing of its end.
        lock (_statisticsGate)
        {
            if (_statistics != null && !_disposed)
            {
                _lastStatistics = new CopyStatistics(
                    Volatile.Read(ref _statistics->copy_count) - _before.Fragments, Volatile.Read(ref _statistics->copy_bytes) - _before.Bytes);
            }

            return _lastStatistics;
        }
    }

    /// <summary>Lets the memory go: what is not out now, the rest with the last lease. The ring must have been disposed before.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _ = ReadStatistics();
        lock (_statisticsGate)
        {
            _disposed = true;
        }

        Refill.End();
        Ledger.Close();
        Memory.AddRings(-1);
        Memory.Release();
    }

    private void Use(MemoryRegion area, int id)
    {
        _areas[id] = new MappedArea(area);
        Volatile.Write(ref _areaCount, int.Max(_areaCount, id + 1));
        // One count for the ledger, which goes with its last buffer.
        area.AddOwner();
        Ledger.AddRegion(area);
    }
}
