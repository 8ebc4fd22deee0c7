using System.Runtime.CompilerServices;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;
using Zcrx.Interop.Queues;
using Zcrx.Interop.Leases;
using Zcrx.Interop.Memory;
using static Zcrx.Interop.Abi.LinuxIoUring;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Interop;

/// <summary>Represents a registered interface queue: its areas, its refill queue and its copy counters.</summary>
/// <remarks>
/// <para>Owned by the ring thread. Only that thread may call a member, except where the member states otherwise.</para>
/// <para>To close a queue, end its receives, dispose the ring, then dispose the queue. Leased buffers stay readable. The last release
/// unmaps the memory. After disposal, members that need the kernel or the memory throw <see cref="ObjectDisposedException"/>.</para>
/// <para>Source: <c>IORING_REGISTER_ZCRX_IFQ</c>, <c>IORING_REGISTER_ZCRX_CTRL</c>.</para>
/// </remarks>
public sealed unsafe class InterfaceQueue : IDisposable
{
    private readonly IoRing _ring;
    private readonly zcrx_stats* _statistics;
    private readonly CopyStatistics _before;
    private readonly Lock _statisticsGate = new();
    private CopyStatistics _lastStatistics;
    private bool _disposed;

    /// <param name="ring">The ring that uses the queue.</param>
    /// <param name="id">The queue's id on the ring.</param>
    /// <param name="memory">The memory of the queue. The queue takes ownership of one reference.</param>
    /// <param name="ledger">Counts the leases on this ring.</param>
    /// <param name="isImported">Whether another ring registered the queue. In that case another producer writes the refill queue.</param>
    internal InterfaceQueue(IoRing ring, uint id, QueueMemory memory, BufferLedger ledger, bool isImported)
    {
        _ring = ring;
        _statistics = memory.Statistics;
        Memory = memory;
        Id = id;
        BufferLength = memory.BufferLength;
        Areas = new AreaTable(BufferLength);
        Refill = new RefillQueue((byte*)memory.Region.Address, memory.Offsets, memory.Entries, isOurs: !isImported);
        Ledger = ledger;
        ledger.Forward = memory.ReturnLeased;
        ledger.BufferLength = BufferLength;
        memory.AddRings(1);
        foreach (MemoryRegion area in memory.Areas)
        {
            Use(area, Areas.NextId);
        }

        if (isImported)
        {
            // Remember the counters at the import, to exclude copies that were made before.
            _before = ReadStatistics();
        }
    }

    /// <summary>Gets the queue's id on its ring, for receive requests and control calls.</summary>
    public uint Id { get; }

    /// <summary>Gets the length of one buffer in bytes, which is also the longest possible completion.</summary>
    public int BufferLength { get; }

    /// <summary>
    /// Gets the reason why buffers have the length of a page although a larger one was requested; null when the requested length applies.
    /// </summary>
    public string? WhyPageBuffers { get; internal init; }

    /// <summary>Gets the number of buffers in all areas.</summary>
    public int Buffers => Areas.Buffers;

    /// <summary>Gets the refill queue, through which buffers return to the kernel.</summary>
    public RefillQueue Refill { get; }

    /// <summary>Gets a value indicating whether the kernel keeps copy counters for this queue.</summary>
    public bool HasStatistics => _statistics != null;

    internal AreaTable Areas { get; }

    internal BufferLedger Ledger { get; }

    internal QueueMemory Memory { get; }

    /// <summary>Registers a queue on a ring.</summary>
    /// <param name="ring">The ring. Must be owned by the calling thread.</param>
    /// <param name="options">The options of the queue.</param>
    /// <param name="capabilities">The capabilities of the ring's kernel.</param>
    /// <returns>The queue, owned by the caller.</returns>
    /// <exception cref="ZcrxException">
    /// The kernel refused the registration. The message names the cause and the remedy. No resources remain allocated.
    /// </exception>
    public static InterfaceQueue Register(IoRing ring, InterfaceQueueOptions options, ZcrxCapabilities capabilities) =>
        Register(ring, options, capabilities, static () => { });

    internal static InterfaceQueue Register(IoRing ring, InterfaceQueueOptions options, ZcrxCapabilities capabilities, Action wake)
    {
        ArgumentNullException.ThrowIfNull(ring);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(capabilities);
        return new Registration(ring, options, capabilities).Run(wake);
    }

    /// <summary>Returns the address of a received buffer.</summary>
    /// <param name="offset">The offset of a completion, with the area id in the top 16 bits and the byte offset in the other bits.</param>
    /// <returns>The address, valid as long as the area.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Address(ulong offset) => Areas.Address(offset);

    /// <summary>Determines whether all bytes of a completion lie in an area of the queue.</summary>
    /// <param name="offset">The offset of the completion.</param>
    /// <param name="length">The length of the completion in bytes.</param>
    /// <returns>False when the ring or the kernel has returned a corrupt completion.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Contains(ulong offset, int length) => Areas.Contains(offset, length);

    /// <summary>Prepares a multishot receive.</summary>
    /// <param name="socket">The descriptor of a connected TCP socket.</param>
    /// <param name="userData">The user data of the request's completions.</param>
    /// <param name="budget">The number of bytes after which the request ends; 0 for no limit.</param>
    /// <returns>False when the submission queue is full. Submit, then try again.</returns>
    /// <remarks>Corresponds to <c>io_uring_prep_rw(IORING_OP_RECV_ZC, …)</c> with IORING_RECV_MULTISHOT.</remarks>
    public bool TryPrepareReceive(int socket, ulong userData, uint budget = 0) => TryPrepareReceive(socket, userData, budget, waitsFirst: false);

    // With waitsFirst, the kernel does not read the socket before it has waited for data.
    internal bool TryPrepareReceive(int socket, ulong userData, uint budget, bool waitsFirst)
    {
        // The constant IORING_RECVSEND_POLL_FIRST of io_uring.h.
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

    /// <summary>Makes the kernel consume the refill queue. Without a NIC, the kernel consumes it only during this call.</summary>
    /// <returns>Zero or a negative errno.</returns>
    public int Flush()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Refill.Publish();
        zcrx_ctrl control = new() { zcrx_id = Id, op = ZCRX_CTRL_FLUSH_RQ };
        return _ring.Kernel.Register(_ring.Fd, IORING_REGISTER_ZCRX_CTRL, &control, 0);
    }

    /// <summary>Arms a notification type again after it has fired.</summary>
    /// <param name="type">The notification type.</param>
    /// <returns>Zero; −EINVAL when the type has not fired; another negative errno.</returns>
    public int Arm(ZcrxNotificationType type)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        zcrx_ctrl control = new() { zcrx_id = Id, op = ZCRX_CTRL_ARM_EVENT };
        control.zc_arm_event.event_type = (uint)type;
        return _ring.Kernel.Register(_ring.Fd, IORING_REGISTER_ZCRX_CTRL, &control, 0);
    }

    /// <summary>Exports the queue as a descriptor that keeps the queue alive after its ring is closed.</summary>
    /// <returns>The descriptor, owned by the caller.</returns>
    /// <exception cref="ZcrxException">The kernel refused, or does not support exports.</exception>
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
    /// <param name="ring">The importing ring.</param>
    /// <param name="export">The exported queue.</param>
    /// <returns>The queue's id on that ring.</returns>
    /// <exception cref="ZcrxException">The kernel refused, or does not support imports.</exception>
    /// <remarks>The importing ring receives no notifications. It uses the same mapping of the refill queue as the exporting ring.</remarks>
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

    /// <summary>Imports a queue into another ring, together with its memory in this process.</summary>
    /// <param name="ring">The importing ring. Must be owned by the calling thread.</param>
    /// <param name="export">The exported queue.</param>
    /// <param name="recordOrigins">Whether to record the stack trace of each lease.</param>
    /// <param name="checkBorrows">Whether to check each access to borrowed memory.</param>
    /// <param name="wake">Wakes the ring thread when it waits for a buffer and another thread releases one.</param>
    /// <returns>
    /// The queue, owned by the caller. It writes no refill entries until <see cref="QueueMemory.SwitchToAsync"/> makes it the producer.
    /// </returns>
    /// <exception cref="ZcrxException">The kernel refused, or does not support imports.</exception>
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

    /// <summary>Adds an area of the same kind as the first one, so that the queue has more buffers.</summary>
    /// <param name="size">The size in bytes, rounded up to whole pages. At most 1 GiB.</param>
    /// <exception cref="ZcrxUnsupportedException">The kernel cannot add areas to a running queue.</exception>
    /// <exception cref="ZcrxException">The kernel refused the area. The queue is unchanged.</exception>
    public void AddArea(nuint size)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        MemoryRegion memory = MemoryRegion.Allocate(size, Areas.First.IsHuge, "another area", Areas.First.IsShared);
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

    /// <summary>
    /// Gives the memory of added areas back to the operating system if all their buffers are free. Does nothing if
    /// <see cref="CanTrimAreas"/> is false.
    /// </summary>
    internal void TrimAreas()
    {
        if (CanTrimAreas && _ring.Kernel is IAreaMemory memory)
        {
            _ = memory.Trim(_ring.Fd, Id);
        }
    }

    /// <summary>
    /// Gets a value indicating whether <see cref="TrimAreas"/> can give memory back. This requires that the kernel does not pin areas and
    /// that the areas are not on huge pages.
    /// </summary>
    /// <remarks>
    /// A huge page that is given back loses its reservation. If no huge page is free later, the next write to the area ends the process
    /// with SIGBUS.
    /// </remarks>
    internal bool CanTrimAreas => _ring.Kernel is IAreaMemory && !Areas.First.IsHuge;

    /// <summary>Reads the copy counters without a system call. Any thread, also after disposal.</summary>
    /// <returns>The counters; zeros when the kernel keeps no counters. After disposal, the last values.</returns>
    public CopyStatistics ReadStatistics()
    {
        // The lock keeps another thread from disposing the queue, which unmaps the counters.
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

    /// <summary>Releases the memory. It stays mapped until the last leased buffer is released. Dispose the ring first.</summary>
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
        Areas.Add(area, id);
        // The ledger owns this reference. It releases the reference with its last leased buffer.
        area.AddOwner();
        Ledger.AddRegion(area);
    }
}
