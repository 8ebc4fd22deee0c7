using System.Runtime.CompilerServices;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Leases;
using Zcrx.Interop.Memory;
using Zcrx.Interop.Queues;
using Zcrx.Rx.Pool;

namespace Zcrx.Rx.Tests.Support.Rooms;

/// <summary>
/// Represents an interface queue in plain memory. The test takes the role of the kernel, and determines how many refill entries a flush
/// consumes.
/// </summary>
internal sealed unsafe class MemoryQueue : IPoolQueue, IDisposable
{
    private const int TailOffset = 64;
    private const int EntriesOffset = 128;

    private readonly MemoryRegion _region;
    private readonly MemoryRegion _area;
    private readonly bool _isImported;

    public MemoryQueue(int buffers, uint refillEntries = 8)
    {
        Buffers = buffers;
        BufferLength = Environment.SystemPageSize;
        _region = MemoryRegion.Allocate((nuint)(EntriesOffset + (refillEntries * sizeof(io_uring_zcrx_rqe))), hugePages: false, "a test");
        _area = MemoryRegion.Allocate((nuint)(buffers * BufferLength), hugePages: false, "a test");
        io_uring_zcrx_offsets offsets = new() { head = 0, tail = TailOffset, rqes = EntriesOffset };
        Refill = new RefillQueue((byte*)_region.Address, offsets, refillEntries);
        Memory = new QueueMemory(_region, offsets, refillEntries, BufferLength, null);
        Memory.Add(_area);
        Ledger = Open();
    }

    /// <summary>Creates a second ring on the memory of another queue, as an import does.</summary>
    public MemoryQueue(MemoryQueue registered)
    {
        Buffers = registered.Buffers;
        BufferLength = registered.BufferLength;
        Consumed = registered.Consumed;
        _region = registered._region;
        _area = registered._area;
        _isImported = true;
        Memory = registered.Memory;
        Memory.AddOwner();
        Refill = new RefillQueue((byte*)_region.Address, Memory.Offsets, Memory.Entries, isOurs: false);
        Ledger = Open();
    }

    public int Buffers { get; private set; }

    public int BufferLength { get; }

    public RefillQueue Refill { get; }

    public BufferLedger Ledger { get; }

    public QueueMemory Memory { get; }

    public AreaTable Areas { get; } = new(Environment.SystemPageSize);

    public bool IsImported => _isImported;

    public bool HasCompletions { get; set; }

    /// <summary>Gets or sets the maximum number of entries that a flush consumes.</summary>
    public int ConsumedPerFlush { get; set; } = int.MaxValue;

    /// <summary>Gets or sets the exception with which adding an area fails, or null for success.</summary>
    public ZcrxException? GrowthError { get; set; }

    /// <summary>Gets the number of times that the pool has tried to add an area.</summary>
    public int GrowthAttempts { get; private set; }

    /// <summary>Gets the number of times that a release woke the ring thread.</summary>
    public int Wakes { get; private set; }

    /// <summary>Gets the offsets in the refill entries that were consumed, in order.</summary>
    public List<ulong> Consumed { get; } = [];

    public int Flush()
    {
        Refill.Publish();
        uint* head = (uint*)_region.Address;
        uint tail = Unsafe.Read<uint>((byte*)_region.Address + TailOffset);
        io_uring_zcrx_rqe* entries = (io_uring_zcrx_rqe*)((byte*)_region.Address + EntriesOffset);
        for (int i = 0; i < ConsumedPerFlush && *head != tail; i++)
        {
            Consumed.Add(entries[*head & (Refill.Capacity - 1)].off);
            (*head)++;
        }

        return 0;
    }

    public void AddArea(nuint size)
    {
        GrowthAttempts++;
        if (GrowthError is not null)
        {
            throw GrowthError;
        }

        Buffers += (int)(size / (nuint)BufferLength);
    }

    /// <summary>Gets the number of times that the pool has given memory back to the system.</summary>
    public int Trims { get; private set; }

    public bool CanTrimAreas { get; set; } = true;

    public void TrimAreas() => Trims++;

    /// <summary>Leases a buffer, as a consumer does in OnNext. If the lease is a copy, the buffer itself returns at once.</summary>
    /// <returns>The slot of the lease in the ledger.</returns>
    public int Lease(ulong offset, BufferHolder holder, BufferPool pool)
    {
        int slot = Ledger.Lease(offset, (byte*)_area.Address, 1, 0, holder, references: 1);
        if (Ledger.IsCopy(slot))
        {
            pool.Return(offset);
        }

        return slot;
    }

    public void Dispose()
    {
        Ledger.Close();
        Memory.AddRings(-1);
        Memory.Release();
    }

    private BufferLedger Open()
    {
        BufferLedger ledger = new(() => Wakes++, recordOrigins: false) { Forward = Memory.ReturnLeased };
        _area.AddOwner();
        ledger.AddRegion(_area);
        Areas.Add(_area, 0);
        Memory.AddRings(1);
        return ledger;
    }
}
