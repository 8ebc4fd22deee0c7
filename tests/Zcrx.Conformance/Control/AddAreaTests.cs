using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Conformance.Control;

public unsafe class AddAreaTests : IClassFixture<LeakCheck>
{
    private delegate void Spoil(io_uring_zcrx_area_reg* area);

    private static readonly Dictionary<string, (Spoil Spoil, int Expected)> Table = new()
    {
        ["address 0"] = (area => area->addr = 0, -EFAULT),
        ["length 0"] = (area => area->len = 0, -EFAULT),
        ["unaligned address"] = (area => area->addr += 64, -EINVAL),
        ["unaligned length"] = (area => area->len -= 64, -EINVAL),
        ["begins on the guard page"] = (area => area->addr -= TestMemory.Page, -EFAULT),
        ["ends on the guard page"] = (area => area->len += TestMemory.Page, -EFAULT),
        ["unknown flag"] = (area => area->flags = 2, -EINVAL),
        ["reserved word"] = (area => area->__resv2[1] = 1, -EINVAL),
        ["token given"] = (area => area->rq_area_token = 1, -EINVAL),
        ["another kind of memory"] = (area => area->flags = IORING_ZCRX_AREA_DMABUF, -EINVAL),
    };

    public static IEnumerable<string> Changes => Table.Keys;

    [SkippableTheory, KernelsTimes(nameof(Changes))]
    public void Invalid_area_is_refused_and_a_valid_one_is_added_afterwards(string name, string change)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.AddArea));
        using var memory = new TestMemory(4 * TestMemory.Page);
        (Spoil spoil, int expected) = Table[change];
        io_uring_zcrx_area_reg area = new() { addr = (ulong)memory.Address, len = memory.Length };
        spoil(&area);
        Results.Equal(expected, Add(queue, &area));
        area = new() { addr = (ulong)memory.Address, len = memory.Length };
        Results.Equal(0, Add(queue, &area));
        Assert.Equal(1ul << IORING_ZCRX_AREA_SHIFT, area.rq_area_token);
    }

    [SkippableTheory, Kernels]
    public void Area_in_read_only_memory_and_unusable_parameters_are_refused(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.AddArea));
        using var memory = new TestMemory(4 * TestMemory.Page);
        using var parameters = new TestMemory(TestMemory.Page);
        Results.Equal(-EFAULT, Add(queue, null));
        *(io_uring_zcrx_area_reg*)parameters.Address = new() { addr = (ulong)memory.Address, len = memory.Length };
        parameters.MakeReadOnly();
        Results.Equal(-EFAULT, Add(queue, (io_uring_zcrx_area_reg*)parameters.Address));
        memory.MakeReadOnly();
        io_uring_zcrx_area_reg area = new() { addr = (ulong)memory.Address, len = memory.Length };
        Results.Equal(-EFAULT, Add(queue, &area));
    }

    [SkippableTheory, Kernels]
    public void Tokens_count_up_to_the_limit(string name)
    {
        const int Limit = 1024;
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.AddArea), buffers: 1);
        using var memory = new TestMemory(TestMemory.Page);
        for (uint id = 1; id < Limit; id++)
        {
            io_uring_zcrx_area_reg area = new() { addr = (ulong)memory.Address, len = memory.Length };
            Results.Equal(0, Add(queue, &area));
            Assert.Equal((ulong)id << IORING_ZCRX_AREA_SHIFT, area.rq_area_token);
        }

        io_uring_zcrx_area_reg tooMuch = new() { addr = (ulong)memory.Address, len = memory.Length };
        Results.Equal(-EINVAL, Add(queue, &tooMuch));
    }

    [SkippableTheory, Kernels]
    public void Reserved_words_are_refused(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.AddArea));
        using var memory = new TestMemory(TestMemory.Page);
        foreach (int word in new[] { 0, 4 })
        {
            io_uring_zcrx_area_reg area = new() { addr = (ulong)memory.Address, len = memory.Length };
            zcrx_ctrl control = new() { zcrx_id = queue.Id, op = ZCRX_CTRL_ADD_AREA };
            control.zc_area.area_ptr = (ulong)&area;
            control.zc_area.__resv[word] = 1;
            Results.Equal(-EINVAL, queue.Ring.Register(IORING_REGISTER_ZCRX_CTRL, &control, 0));
            // The failed call added no area, so it returned no token.
            Assert.Equal(0ul, area.rq_area_token);
            control.zc_area.area_ptr = 0;
            Results.Equal(-EFAULT, queue.Ring.Register(IORING_REGISTER_ZCRX_CTRL, &control, 0));
        }
    }

    [SkippableTheory, Kernels]
    public void Bytes_arrive_in_the_new_area_and_its_buffers_return(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.AddArea), buffers: 2, notifications: 0);
        using var memory = new TestMemory(2 * TestMemory.Page);
        using var connection = new TcpPair();
        io_uring_zcrx_area_reg area = new() { addr = (ulong)memory.Address, len = memory.Length };
        Results.Equal(0, Add(queue, &area));

        for (int lap = 0; lap < 3; lap++)
        {
            Dictionary<ulong, int> perArea = [];
            ulong request = (ulong)lap + 1;
            queue.Receive(connection, request);
            List<Cqe> held = [];
            // Each piece uses a buffer of its own. Four pieces therefore use every buffer of both areas.
            for (int i = 0; i < 4; i++)
            {
                long position = connection.Sent;
                connection.Send(10);
                Cqe piece = Assert.Single(queue.Ring.TakeBytes(request, 10));
                ulong token = piece.Offset & IORING_ZCRX_AREA_MASK;
                perArea[token] = perArea.GetValueOrDefault(token) + 1;
                nint start = token == 0 ? queue.Setup.Area.Address : memory.Address;
                Pattern.AssertAt(new ReadOnlySpan<byte>((byte*)start + (nint)(piece.Offset & ~IORING_ZCRX_AREA_MASK), piece.Result), position);
                held.Add(piece);
            }

            Assert.Equal(2, perArea[0]);
            Assert.Equal(2, perArea[area.rq_area_token]);
            queue.Ring.Cancel(request, 99);
            queue.Ring.TakeUntilEnd(request);
            queue.Return(held);
            queue.FlushAll();
        }
    }

    [SkippableTheory, Kernels]
    public void Exhaustion_without_returns_delivers_every_buffer_of_both_areas_once(string name)
    {
        const int Buffers = 5;
        using var memory = new TestMemory(3 * TestMemory.Page);
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.AddArea), Buffers, notifications: 0);
        using var connection = new TcpPair();
        ulong token = TestQueue.AddArea(queue.Ring, queue.Id, memory);
        queue.Know(memory);
        int volume = 16 * (int)TestMemory.Page;
        connection.Send(volume);
        connection.AwaitArrival(volume);
        queue.Receive(connection, 1);

        IReadOnlyList<Cqe> completions = queue.Ring.TakeUntilEnd(1);

        IEnumerable<ulong> all = [.. Offsets(0, Buffers), .. Offsets(token, 3)];
        Assert.Equal(all.Order(), completions.Where(cqe => cqe.IsData).Select(cqe => cqe.Offset).Order());
        Results.Equal(-ENOMEM, completions[^1].Result);
        // The bytes for which no buffer was free are still in the socket.
        Assert.Equal(volume - queue.AssertPattern(completions), Posix.BytesWaiting(connection.Server));

        static IEnumerable<ulong> Offsets(ulong token, int buffers) => Enumerable.Range(0, buffers).Select(i => token | ((ulong)i * TestMemory.Page));
    }

    [SkippableTheory, Kernels]
    public void An_importer_adds_areas_while_the_exporter_receives_and_returns(string name)
    {
        const int Added = 8;
        const int BuffersEach = 3;
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.AddArea, ZcrxFeature.Export, ZcrxFeature.Import);
        using var memories = new Memories(Added, BuffersEach);
        using var queue = new TestQueue(kernel, BuffersEach, notifications: 0);
        memories.All.ForEach(queue.Know);
        using var connection = new TcpPair();
        using var export = new Descriptor(kernel.Kernel, queue.Export());
        int rounds = 0;
        int added = 0;
        Task importing = Task.Run(() => OtherThread.Run(() =>
        {
            using var importer = new TestRing(kernel.Kernel);
            Results.Equal(0, TestQueue.Import(importer, export.Fd, out uint id));
            for (int i = 0; i < Added; i++)
            {
                Deadline.Until(() => Volatile.Read(ref rounds) > i, "the exporter has run out of buffers once more");
                Assert.Equal((ulong)(i + 1) << IORING_ZCRX_AREA_SHIFT, TestQueue.AddArea(importer, id, memories.All[i]));
                Volatile.Write(ref added, i + 1);
            }
        }));

        long position = 0;
        HashSet<ulong> used = [];
        List<Cqe> held = [];
        queue.Receive(connection, 1);
        Deadline.Watch watch = Deadline.Start("every area has been used");
        while (used.Count <= Added && !importing.IsFaulted)
        {
            watch.Check(() => $"{added} areas added, {used.Count} used in {rounds} rounds");
            connection.SendSome(16 * 1024);
            queue.Ring.RunTurn();
            IReadOnlyList<Cqe> completions = queue.Ring.TakeAll();
            position = queue.AssertPattern(completions, position);
            held.AddRange(completions.Where(cqe => cqe.IsData));
            used.UnionWith(completions.Where(cqe => cqe.IsData).Select(cqe => cqe.Offset >> IORING_ZCRX_AREA_SHIFT));
            if (completions.FirstOrDefault(cqe => !cqe.IsData) is { UserData: 1 } end)
            {
                Results.Equal(-ENOMEM, end.Result);
                // The kernel fills no buffer twice before it is returned, although areas are added at the same time.
                Assert.Equal(held.Count, held.Select(cqe => cqe.Offset).Distinct().Count());
                queue.Return(held);
                queue.FlushAll();
                held.Clear();
                Volatile.Write(ref rounds, rounds + 1);
                queue.Receive(connection, 1);
            }
        }

        importing.GetAwaiter().GetResult();
        Assert.Equal(Added, added);
    }

    [SkippableTheory, Kernels]
    public void An_offset_behind_the_new_area_is_invalid(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.AddArea), buffers: 8);
        using var memory = new TestMemory(2 * TestMemory.Page);
        io_uring_zcrx_area_reg area = new() { addr = (ulong)memory.Address, len = memory.Length };
        Results.Equal(0, Add(queue, &area));
        queue.Refill(area.rq_area_token | memory.Length);
        queue.Refill(0);
        Results.Equal(0, queue.Flush());
        Assert.Equal(1u, *queue.Head);
    }

    [SkippableTheory, Kernels]
    public void Add_area_on_a_kernel_without_the_operation_is_unsupported(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using var queue = new TestQueue(kernel);
        using var memory = new TestMemory(TestMemory.Page);
        io_uring_zcrx_area_reg area = new() { addr = (ulong)memory.Address, len = memory.Length };
        Results.Equal(kernel.Capabilities.CanAddArea ? 0 : -EOPNOTSUPP, Add(queue, &area));
    }

    private static int Add(TestQueue queue, io_uring_zcrx_area_reg* area)
    {
        zcrx_ctrl control = new() { zcrx_id = queue.Id, op = ZCRX_CTRL_ADD_AREA };
        control.zc_area.area_ptr = (ulong)area;
        return queue.Ring.Register(IORING_REGISTER_ZCRX_CTRL, &control, 0);
    }

    /// <summary>
    /// Owns the memory of areas. Declare it before the queue to which the areas are added, so that the queue is disposed first.
    /// </summary>
    private sealed class Memories(int count, int buffersEach) : IDisposable
    {
        public List<TestMemory> All { get; } = [.. Enumerable.Range(0, count).Select(_ => new TestMemory((nuint)buffersEach * TestMemory.Page))];

        public void Dispose() => All.ForEach(static memory => memory.Dispose());
    }
}
