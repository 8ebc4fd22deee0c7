using Zcrx.Conformance.Nic;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.LinuxIoUring;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Conformance.Support;

/// <summary>
/// Represents a queue with a ring of its own, which the test uses through the raw ABI. The queue has no device, or is one of a NIC.
/// </summary>
/// <remarks>Disposal closes the ring before it frees the memory, because the kernel uses the memory until then.</remarks>
internal sealed unsafe class TestQueue : IDisposable
{
    private readonly QueueSetup _setup;
    private readonly List<TestMemory> _areas;
    private uint _tail;

    public TestQueue(
        KernelUnderTest kernel, int buffers = 64, uint entries = 64, uint completionEntries = 256, uint? notifications = null, bool statistics = true, NicUnderTest? nic = null, uint? rxQueue = null)
    {
        Kernel = kernel;
        _setup = new QueueSetup(kernel, buffers, entries, notifications, statistics, nic, rxQueue);
        _areas = [_setup.Area];
        Ring = new TestRing(kernel.Kernel, completionEntries);
        int result = nic is null ? _setup.Register(Ring) : _setup.RegisterWhenFree(Ring);
        Assert.True(result == 0, $"registering a queue on {kernel} gives {result}");
        Registration = *_setup.Registration;
        _tail = *Tail;
    }

    public KernelUnderTest Kernel { get; }

    public TestRing Ring { get; }

    public io_uring_zcrx_ifq_reg Registration { get; }

    public QueueSetup Setup => _setup;

    public uint Id => Registration.zcrx_id;

    public uint Entries => Registration.rq_entries;

    public int Buffers => (int)(_setup.Area.Length / TestMemory.Page);

    public uint* Head => (uint*)(_setup.Region.Address + Registration.offsets.head);

    public uint* Tail => (uint*)(_setup.Region.Address + Registration.offsets.tail);

    public ulong CopyCount => Volatile.Read(ref ((zcrx_stats*)(_setup.Region.Address + (nint)_setup.StatisticsOffset))->copy_count);

    public ulong CopyBytes => Volatile.Read(ref ((zcrx_stats*)(_setup.Region.Address + (nint)_setup.StatisticsOffset))->copy_bytes);

    /// <summary>Returns the payload of a completion.</summary>
    public ReadOnlySpan<byte> Payload(Cqe cqe)
    {
        int area = (int)(cqe.Offset >> IORING_ZCRX_AREA_SHIFT);
        ulong offset = cqe.Offset & ~IORING_ZCRX_AREA_MASK;
        Assert.InRange(area, 0, _areas.Count - 1);
        Assert.InRange(offset + (ulong)cqe.Result, 1ul, _areas[area].Length);
        return _areas[area].Span((nuint)offset, cqe.Result);
    }

    /// <summary>
    /// Adds an area to a queue, through the ring that has registered or imported the queue. The caller keeps the memory and frees it after
    /// the queue.
    /// </summary>
    /// <returns>The token of the area.</returns>
    public static ulong AddArea(TestRing ring, uint id, TestMemory memory)
    {
        io_uring_zcrx_area_reg area = new() { addr = (ulong)memory.Address, len = memory.Length };
        zcrx_ctrl control = new() { zcrx_id = id, op = ZCRX_CTRL_ADD_AREA };
        control.zc_area.area_ptr = (ulong)&area;
        Results.Equal(0, ring.Register(IORING_REGISTER_ZCRX_CTRL, &control, 0));
        return area.rq_area_token;
    }

    /// <summary>
    /// Makes the memory of another area known to <see cref="Payload"/>. Areas must be passed in the order of their tokens. A test may pass
    /// an area before the kernel has added it.
    /// </summary>
    public void Know(TestMemory area) => _areas.Add(area);

    /// <summary>Asserts that data completions contain the pattern from a position of the stream on.</summary>
    /// <returns>The position after the last byte.</returns>
    public long AssertPattern(IEnumerable<Cqe> completions, long position = 0)
    {
        foreach (Cqe cqe in completions.Where(cqe => cqe.IsData && cqe.UserData != QueueSetup.NotificationUserData))
        {
            Assert.InRange(cqe.Result, 1, (int)Registration.rx_buf_len);
            Pattern.AssertAt(Payload(cqe), position);
            position += cqe.Result;
        }

        return position;
    }

    public void Receive(TcpPair connection, ulong userData, uint budget = 0) => Ring.Receive(Id, connection.Server, userData, budget);

    /// <summary>Writes one refill entry and publishes it.</summary>
    public void Refill(ulong offset, uint padding = 0, uint length = 1)
    {
        io_uring_zcrx_rqe* entries = (io_uring_zcrx_rqe*)(_setup.Region.Address + Registration.offsets.rqes);
        entries[_tail & (Entries - 1)] = new io_uring_zcrx_rqe { off = offset, len = length, __pad = padding };
        PublishTail(_tail + 1);
    }

    /// <summary>Publishes any value as the tail, even an invalid one.</summary>
    public void PublishTail(uint tail)
    {
        _tail = tail;
        Volatile.Write(ref *Tail, tail);
    }

    /// <summary>Returns the buffers of completions to the kernel, with one refill entry for each completion.</summary>
    /// <param name="completions">The completions. Those without data are ignored.</param>
    /// <param name="flushes">True to flush when the refill ring is full. If false, the device must consume the entries fast enough.</param>
    public void Return(IEnumerable<Cqe> completions, bool flushes = true)
    {
        foreach (Cqe cqe in completions.Where(cqe => cqe.IsData && cqe.UserData != QueueSetup.NotificationUserData))
        {
            if (_tail - Volatile.Read(ref *Head) == Entries)
            {
                Assert.True(flushes, "the refill ring has room");
                FlushAll();
            }

            Refill(cqe.Offset);
        }
    }

    /// <summary>Flushes until all entries are consumed.</summary>
    public void FlushAll()
    {
        Deadline.Until(
            () =>
            {
                Assert.Equal(0, Flush());
                return Volatile.Read(ref *Head) == _tail;
            },
            "the refill ring is consumed");
    }

    public int Flush() => Flush(Ring, Id);

    public static int Flush(TestRing ring, uint id)
    {
        zcrx_ctrl control = new() { zcrx_id = id, op = ZCRX_CTRL_FLUSH_RQ };
        return ring.Register(IORING_REGISTER_ZCRX_CTRL, &control, 0);
    }

    public int Arm(uint type)
    {
        zcrx_ctrl control = new() { zcrx_id = Id, op = ZCRX_CTRL_ARM_EVENT };
        control.zc_arm_event.event_type = type;
        return Ring.Register(IORING_REGISTER_ZCRX_CTRL, &control, 0);
    }

    /// <summary>Exports the queue and returns the descriptor. The caller closes the descriptor.</summary>
    public int Export()
    {
        zcrx_ctrl control = new() { zcrx_id = Id, op = ZCRX_CTRL_EXPORT };
        Assert.Equal(0, Ring.Register(IORING_REGISTER_ZCRX_CTRL, &control, 0));
        return (int)control.zc_export.zcrx_fd;
    }

    /// <summary>Imports an exported queue into a ring. Returns the result and the id in that ring.</summary>
    public static int Import(TestRing ring, int fd, out uint id)
    {
        io_uring_zcrx_ifq_reg registration = new() { flags = ZCRX_REG_IMPORT, if_idx = (uint)fd };
        int result = ring.Register(IORING_REGISTER_ZCRX_IFQ, &registration, 1);
        id = registration.zcrx_id;
        return result;
    }

    /// <summary>Closes the ring. The memory stays mapped for other users of the queue.</summary>
    public void CloseRing() => Ring.Dispose();

    public void Dispose()
    {
        Ring.Dispose();
        _setup.Dispose();
    }
}
