using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Conformance.Exports;

public unsafe class ImportTests : IClassFixture<LeakCheck>
{
    private delegate void Spoil(io_uring_zcrx_ifq_reg* registration, void* memory);

    private static readonly Dictionary<string, (Spoil Spoil, int Expected)> Table = new()
    {
        ["descriptor -1"] = ((registration, _) => registration->if_idx = uint.MaxValue, -EBADF),
        ["descriptor that is not open"] = ((registration, _) => registration->if_idx = 99999, -EBADF),
        ["standard input"] = ((registration, _) => registration->if_idx = 0, -EBADF),
        ["another flag"] = ((registration, _) => registration->flags |= ZCRX_REG_NODEV, -EINVAL),
        ["queue number"] = ((registration, _) => registration->if_rxq = 1, -EINVAL),
        ["refill entries"] = ((registration, _) => registration->rq_entries = 64, -EINVAL),
        ["area"] = ((registration, memory) => registration->area_ptr = (ulong)memory, -EINVAL),
        ["region"] = ((registration, memory) => registration->region_ptr = (ulong)memory, -EINVAL),
        ["id"] = ((registration, _) => registration->zcrx_id = 1, -EINVAL),
        ["event description"] = ((registration, memory) => registration->event_desc = (ulong)memory, -EINVAL),
        ["reserved word"] = ((registration, _) => registration->__resv[1] = 1, -EINVAL),
    };

    public static IEnumerable<string> Changes => Table.Keys;

    [SkippableTheory, KernelsTimes(nameof(Changes))]
    public void Import_with_an_invalid_parameter_is_refused(string name, string change)
    {
        KernelUnderTest kernel = Open(name);
        using var queue = new TestQueue(kernel);
        using var export = new Descriptor(kernel.Kernel, queue.Export());
        using var importer = new TestRing(kernel.Kernel);
        using var memory = new TestMemory(TestMemory.Page);
        (Spoil spoil, int expected) = Table[change];
        io_uring_zcrx_ifq_reg registration = new() { flags = ZCRX_REG_IMPORT, if_idx = (uint)export.Fd };
        spoil(&registration, (void*)memory.Address);
        Results.Equal(expected, importer.Register(IORING_REGISTER_ZCRX_IFQ, &registration, 1));
    }

    [SkippableTheory, Kernels]
    public void Import_whose_parameters_cannot_be_written_is_refused_and_does_not_keep_the_queue(string name)
    {
        KernelUnderTest kernel = Open(name);
        using var queue = new TestQueue(kernel);
        using var export = new Descriptor(kernel.Kernel, queue.Export());
        using var importer = new TestRing(kernel.Kernel);
        using var memory = new TestMemory(TestMemory.Page);
        *(io_uring_zcrx_ifq_reg*)memory.Address = new() { flags = ZCRX_REG_IMPORT, if_idx = (uint)export.Fd };
        memory.MakeReadOnly();
        Results.Equal(-EFAULT, importer.Register(IORING_REGISTER_ZCRX_IFQ, (void*)memory.Address, 1));
        Results.Equal(-ENXIO, TestQueue.Flush(importer, 0));
        Results.Equal(0, TestQueue.Import(importer, export.Fd, out uint id));
        Assert.Equal(0u, id);
        importer.Dispose();
    }

    [SkippableTheory, Kernels]
    public void Other_descriptors_of_the_kernel_are_not_queues(string name)
    {
        KernelUnderTest kernel = Open(name);
        using var queue = new TestQueue(kernel);
        using var connection = new TcpPair();
        using var importer = new TestRing(kernel.Kernel);
        Results.Equal(-EBADF, TestQueue.Import(importer, queue.Ring.Ring.Fd, out _));
        Results.Equal(-EBADF, TestQueue.Import(importer, connection.Server, out _));
    }

    [SkippableTheory, Kernels]
    public void A_closed_export_cannot_be_imported(string name)
    {
        KernelUnderTest kernel = Open(name);
        using var queue = new TestQueue(kernel);
        var export = new Descriptor(kernel.Kernel, queue.Export());
        export.Dispose();
        using var importer = new TestRing(kernel.Kernel);
        Results.Equal(-EBADF, TestQueue.Import(importer, export.Fd, out _));
    }

    [SkippableTheory, Kernels]
    public void Import_writes_back_the_id_and_the_offsets_of_the_refill_ring(string name)
    {
        KernelUnderTest kernel = Open(name);
        using var queue = new TestQueue(kernel);
        using var export = new Descriptor(kernel.Kernel, queue.Export());
        using var importer = new TestRing(kernel.Kernel);
        // The kernel neither reads nor writes the buffer length.
        io_uring_zcrx_ifq_reg registration = new() { flags = ZCRX_REG_IMPORT, if_idx = (uint)export.Fd, rx_buf_len = 77 };
        Results.Equal(0, importer.Register(IORING_REGISTER_ZCRX_IFQ, &registration, 1));
        Assert.Equal((0u, 0u, 77u), (registration.zcrx_id, registration.rq_entries, registration.rx_buf_len));
        Assert.Equal(
            (queue.Registration.offsets.head, queue.Registration.offsets.tail, queue.Registration.offsets.rqes),
            (registration.offsets.head, registration.offsets.tail, registration.offsets.rqes));
        importer.Dispose();
    }

    [SkippableTheory, Kernels]
    public void Exporter_and_importer_receive_side_by_side_from_one_pool(string name)
    {
        KernelUnderTest kernel = Open(name);
        using var queue = new TestQueue(kernel);
        using var export = new Descriptor(kernel.Kernel, queue.Export());
        using var importer = new TestRing(kernel.Kernel);
        using var first = new TcpPair();
        using var second = new TcpPair();
        Results.Equal(0, TestQueue.Import(importer, export.Fd, out uint id));
        queue.Receive(first, 1);
        importer.Receive(id, second.Server, 2);
        first.Send(40_000);
        second.Send(40_000);
        IReadOnlyList<Cqe> own = queue.Ring.TakeBytes(1, 40_000);
        IReadOnlyList<Cqe> others = importer.TakeBytes(2, 40_000);
        Assert.Equal(40_000, queue.AssertPattern(own));
        Assert.Equal(40_000, queue.AssertPattern(others));
        Assert.Empty(own.Where(cqe => cqe.IsData).Select(cqe => cqe.Offset).Intersect(others.Where(cqe => cqe.IsData).Select(cqe => cqe.Offset)));
        importer.Dispose();
    }

    [SkippableTheory, Kernels]
    public void The_importer_can_flush_what_the_exporter_published(string name)
    {
        KernelUnderTest kernel = Open(name);
        using var queue = new TestQueue(kernel);
        using var export = new Descriptor(kernel.Kernel, queue.Export());
        using var importer = new TestRing(kernel.Kernel);
        Results.Equal(0, TestQueue.Import(importer, export.Fd, out uint id));
        queue.Refill(0);
        queue.Refill(0);
        Results.Equal(0, TestQueue.Flush(importer, id));
        Assert.Equal(2u, *queue.Head);
        importer.Dispose();
    }

    [SkippableTheory, Kernels]
    public void The_importer_has_no_region_to_map(string name)
    {
        KernelUnderTest kernel = Open(name);
        using var queue = new TestQueue(kernel);
        using var export = new Descriptor(kernel.Kernel, queue.Export());
        using var importer = new TestRing(kernel.Kernel);
        Results.Equal(0, TestQueue.Import(importer, export.Fd, out uint id));
        nint mapped = kernel.Kernel.Map(importer.Ring.Fd, queue.Setup.Region.Length, IORING_MAP_OFF_ZCRX_REGION | ((ulong)id << IORING_OFF_ZCRX_SHIFT));
        Assert.True(Interop.Kernel.Libc.IsError(mapped), $"mmap gives {mapped:x}");
        importer.Dispose();
    }

    [SkippableTheory, Kernels]
    public void The_exporter_can_be_closed_while_the_importer_receives(string name)
    {
        KernelUnderTest kernel = Open(name);
        using var queue = new TestQueue(kernel);
        using var export = new Descriptor(kernel.Kernel, queue.Export());
        using var importer = new TestRing(kernel.Kernel);
        using var connection = new TcpPair();
        Results.Equal(0, TestQueue.Import(importer, export.Fd, out uint id));
        importer.Receive(id, connection.Server, 1);
        connection.Send(10_000);
        importer.TakeBytes(1, 10_000);
        queue.CloseRing();
        export.Dispose();
        connection.Send(10_000);
        IReadOnlyList<Cqe> rest = importer.TakeBytes(1, 10_000);
        Assert.Equal(20_000, queue.AssertPattern(rest, 10_000));
        foreach (Cqe cqe in rest.Where(cqe => cqe.IsData))
        {
            queue.Refill(cqe.Offset);
        }

        Results.Equal(0, TestQueue.Flush(importer, id));
        importer.Dispose();
    }

    [SkippableTheory, Kernels]
    public void A_queue_can_be_imported_twice_even_into_its_own_ring(string name)
    {
        KernelUnderTest kernel = Open(name);
        using var queue = new TestQueue(kernel);
        using var export = new Descriptor(kernel.Kernel, queue.Export());
        Results.Equal(0, TestQueue.Import(queue.Ring, export.Fd, out uint second));
        Results.Equal(0, TestQueue.Import(queue.Ring, export.Fd, out uint third));
        Assert.Equal((1u, 2u), (second, third));
        using var connection = new TcpPair();
        queue.Ring.Receive(third, connection.Server, 3);
        connection.Send(5000);
        Assert.Equal(5000, queue.AssertPattern(queue.Ring.TakeBytes(3, 5000)));
    }

    [SkippableTheory, Kernels]
    public void Import_on_a_kernel_without_it_is_refused(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.Open(name, ZcrxFeature.NicQueue);
        using var ring = new TestRing(kernel.Kernel);
        int result = TestQueue.Import(ring, 0, out _);
        Assert.True(result < 0);
        if (kernel.Capabilities.CanImport)
        {
            Results.Equal(-EBADF, result);
        }
    }

    private static KernelUnderTest Open(string name) => KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.Export, ZcrxFeature.Import);
}
