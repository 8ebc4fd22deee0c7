using Zcrx.Conformance.Support;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Conformance.Differential;

/// <summary>An interface queue that a program registered: its memory, its refill ring, and the buffers that the program holds.</summary>
/// <remarks>Several queues of a program are one pool after an import. Its memory goes after all rings.</remarks>
internal sealed unsafe class Pool(int number, QueueSetup setup) : IDisposable
{
    private readonly List<TestMemory> _areas = [setup.Area];
    private readonly io_uring_zcrx_ifq_reg _registration = *setup.Registration;
    private uint _tail;
    private uint _head;

    public int Number => number;

    /// <summary>The RX queue whose memory it is; 0 without a device.</summary>
    public uint RxQueue => setup.Registration->if_rxq;

    /// <summary>
    /// Gets or sets a value that indicates whether no lack of buffers has been reported since the notification was armed.
    /// </summary>
    public bool ReportsNoBuffers { get; set; } = true;

    /// <summary>Offsets of the buffers that were received and not returned yet, oldest first.</summary>
    public List<ulong> Held { get; } = [];

    public long ReceivedBytes { get; set; }

    public uint Entries => _registration.rq_entries;

    public int Buffers => _areas.Sum(area => (int)(area.Length / TestMemory.Page));

    public bool HasStatistics => setup.Registration->event_desc != 0;

    public ulong CopiedBytes => Volatile.Read(ref ((zcrx_stats*)(setup.Region.Address + (nint)setup.StatisticsOffset))->copy_bytes);

    public bool IsFull => _tail - _head == Entries;

    private uint* SharedHead => (uint*)(setup.Region.Address + _registration.offsets.head);

    private uint* SharedTail => (uint*)(setup.Region.Address + _registration.offsets.tail);

    /// <summary>The memory that a completion points at, or nothing when it points nowhere.</summary>
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

    /// <summary>Reads how far the kernel has come.</summary>
    /// <returns>How many entries it has consumed since the last time, and how many are left.</returns>
    public (uint Consumed, uint Left) ReadHead()
    {
        uint head = Volatile.Read(ref *SharedHead);
        uint consumed = head - _head;
        _head = head;
        return (consumed, _tail - _head);
    }

    public void PublishTail(uint beyond) => Volatile.Write(ref *SharedTail, _tail + Entries + beyond);

    /// <summary>Goes on from wherever the kernel is.</summary>
    public void Resynchronise()
    {
        _head = _tail = Volatile.Read(ref *SharedHead);
        Volatile.Write(ref *SharedTail, _tail);
    }

    public void OverwriteHead() => Volatile.Write(ref *SharedHead, _head + 0x1234_5678);

    /// <summary>One more area; its memory remains its owner's.</summary>
    public void AddArea(TestMemory memory) => _areas.Add(memory);

    public void Dispose() => setup.Dispose();
}
