using Zcrx.Conformance.Support;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Conformance.Differential;

/// <summary>
/// Represents the memory of an interface queue that a program has registered, its refill queue, and the buffers that the program holds.
/// </summary>
/// <remarks>An import shares the pool between several queues. The memory is freed after all rings are closed.</remarks>
internal sealed unsafe class Pool(int number, QueueSetup setup) : IDisposable
{
    private readonly List<TestMemory> _areas = [setup.Area];
    private readonly io_uring_zcrx_ifq_reg _registration = *setup.Registration;
    private uint _tail;
    private uint _head;

    public int Number => number;

    /// <summary>Gets the RX queue that receives into this memory, or 0 without a device.</summary>
    public uint RxQueue => setup.Registration->if_rxq;

    /// <summary>
    /// Gets or sets a value that indicates whether the kernel would report a lack of buffers: the notification is armed and has not fired.
    /// </summary>
    public bool ReportsNoBuffers { get; set; } = true;

    /// <summary>Gets the offsets of the buffers that were received and not returned yet, oldest first.</summary>
    public List<ulong> Held { get; } = [];

    public long ReceivedBytes { get; set; }

    public uint Entries => _registration.rq_entries;

    public int Buffers => _areas.Sum(area => (int)(area.Length / TestMemory.Page));

    public bool HasStatistics => setup.Registration->event_desc != 0;

    public ulong CopiedBytes => Volatile.Read(ref ((zcrx_stats*)(setup.Region.Address + (nint)setup.StatisticsOffset))->copy_bytes);

    public bool IsFull => _tail - _head == Entries;

    private uint* SharedHead => (uint*)(setup.Region.Address + _registration.offsets.head);

    private uint* SharedTail => (uint*)(setup.Region.Address + _registration.offsets.tail);

    /// <summary>Returns the bytes of a completion. Returns an empty span when the completion points outside all areas.</summary>
    public ReadOnlySpan<byte> Payload(Cqe cqe)
    {
        int area = (int)(cqe.Offset >> IORING_ZCRX_AREA_SHIFT);
        ulong offset = cqe.Offset & ~IORING_ZCRX_AREA_MASK;
        return area < _areas.Count && offset + (ulong)cqe.Result <= _areas[area].Length ? _areas[area].Span((nuint)offset, cqe.Result) : [];
    }

    public void Refill(ulong offset, uint padding = 0)
    {
        io_uring_zcrx_rqe* entries = (io_uring_zcrx_rqe*)(setup.Region.Address + _registration.offsets.rqes);
        entries[_tail & (Entries - 1)] = new io_uring_zcrx_rqe { off = offset, len = 1, __pad = padding };
        Volatile.Write(ref *SharedTail, ++_tail);
    }

    /// <summary>Reads the head of the refill ring, which the kernel advances.</summary>
    /// <returns>The number of entries consumed since the last call, and the number left.</returns>
    public (uint Consumed, uint Left) ReadHead()
    {
        uint head = Volatile.Read(ref *SharedHead);
        uint consumed = head - _head;
        _head = head;
        return (consumed, _tail - _head);
    }

    public void PublishTail(uint beyond) => Volatile.Write(ref *SharedTail, _tail + Entries + beyond);

    /// <summary>Discards all entries of the refill ring, by setting the tail to the kernel's head.</summary>
    public void Resynchronise()
    {
        _head = _tail = Volatile.Read(ref *SharedHead);
        Volatile.Write(ref *SharedTail, _tail);
    }

    public void OverwriteHead() => Volatile.Write(ref *SharedHead, _head + 0x1234_5678);

    /// <summary>Records an additional area. The caller still owns its memory.</summary>
    public void AddArea(TestMemory memory) => _areas.Add(memory);

    public void Dispose() => setup.Dispose();
}
