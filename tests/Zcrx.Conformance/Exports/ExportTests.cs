using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Conformance.Exports;

public unsafe class ExportTests : IClassFixture<LeakCheck>
{
    [SkippableTheory, Kernels]
    public void An_export_is_a_descriptor_that_closes_on_exec(string name)
    {
        KernelUnderTest kernel = Open(name);
        using var queue = new TestQueue(kernel);
        using var export = new Descriptor(kernel.Kernel, queue.Export());
        Assert.True(Posix.IsCloseOnExec(export.Fd));
    }

    [SkippableTheory, Kernels]
    public void Each_export_is_a_descriptor_of_its_own(string name)
    {
        KernelUnderTest kernel = Open(name);
        using var queue = new TestQueue(kernel);
        using var first = new Descriptor(kernel.Kernel, queue.Export());
        using var second = new Descriptor(kernel.Kernel, queue.Export());
        Assert.NotEqual(first.Fd, second.Fd);
        first.Dispose();
        using var importer = new TestRing(kernel.Kernel);
        Results.Equal(0, TestQueue.Import(importer, second.Fd, out _));
        importer.Dispose();
    }

    [SkippableTheory, Kernels]
    public void Export_whose_result_cannot_be_written_leaves_no_descriptor(string name)
    {
        KernelUnderTest kernel = Open(name);
        using var queue = new TestQueue(kernel);
        using var memory = new TestMemory(TestMemory.Page);
        *(zcrx_ctrl*)memory.Address = new zcrx_ctrl { zcrx_id = queue.Id, op = ZCRX_CTRL_EXPORT };
        memory.MakeReadOnly();
        int before = Directory.GetFileSystemEntries("/proc/self/fd").Length;
        Results.Equal(-EFAULT, queue.Ring.Register(IORING_REGISTER_ZCRX_CTRL, (void*)memory.Address, 0));
        Assert.Equal(before, Directory.GetFileSystemEntries("/proc/self/fd").Length);
    }

    [SkippableTheory, Kernels]
    public void Export_keeps_the_queue_without_its_ring(string name)
    {
        KernelUnderTest kernel = Open(name);
        using var queue = new TestQueue(kernel);
        using var export = new Descriptor(kernel.Kernel, queue.Export());
        queue.CloseRing();
        using var importer = new TestRing(kernel.Kernel);
        using var connection = new TcpPair();
        Results.Equal(0, TestQueue.Import(importer, export.Fd, out uint id));
        export.Dispose();
        importer.Receive(id, connection.Server, 1);
        connection.Send(30_000);
        Assert.Equal(30_000, queue.AssertPattern(importer.TakeBytes(1, 30_000)));
        importer.Dispose();
    }

    [SkippableTheory, Kernels]
    public void Buffers_in_flight_stay_in_flight_while_an_export_keeps_the_queue(string name)
    {
        KernelUnderTest kernel = Open(name);
        using var queue = new TestQueue(kernel, buffers: 4, notifications: 0);
        using var connection = new TcpPair();
        queue.Receive(connection, 1);
        for (int i = 0; i < 3; i++)
        {
            connection.Send(10);
            queue.Ring.TakeBytes(1, 10);
        }

        using var export = new Descriptor(kernel.Kernel, queue.Export());
        queue.CloseRing();
        using var importer = new TestRing(kernel.Kernel);
        Results.Equal(0, TestQueue.Import(importer, export.Fd, out uint id));
        // The closed ring held three of the four buffers. They are lost, because no component knows their offsets.
        using var other = new TcpPair();
        importer.Receive(id, other.Server, 2);
        other.Send(10);
        Cqe piece = Assert.Single(importer.TakeBytes(2, 10));
        Assert.Equal(0ul, piece.Offset);
        importer.Dispose();
    }

    [SkippableTheory, Kernels]
    public void Queue_can_be_exported_and_imported_from_ring_to_ring(string name)
    {
        KernelUnderTest kernel = Open(name);
        using var queue = new TestQueue(kernel);
        using var connection = new TcpPair();
        Descriptor export = new(kernel.Kernel, queue.Export());
        queue.CloseRing();
        long position = 0;
        for (int i = 0; i < 3; i++)
        {
            using var ring = new TestRing(kernel.Kernel);
            Results.Equal(0, TestQueue.Import(ring, export.Fd, out uint id));
            export.Dispose();
            connection.Send(5000);
            ring.Receive(id, connection.Server, 1, budget: 5000);
            IReadOnlyList<Cqe> data = ring.TakeUntilEnd(1);
            position = queue.AssertPattern(data, position);
            foreach (Cqe cqe in data.Where(cqe => cqe.IsData))
            {
                queue.Refill(cqe.Offset);
            }

            Results.Equal(0, TestQueue.Flush(ring, id));
            export = new Descriptor(kernel.Kernel, Export(ring, id));
        }

        export.Dispose();
        Assert.Equal(15_000, position);
    }

    private static int Export(TestRing ring, uint id)
    {
        zcrx_ctrl control = new() { zcrx_id = id, op = ZCRX_CTRL_EXPORT };
        Results.Equal(0, ring.Register(IORING_REGISTER_ZCRX_CTRL, &control, 0));
        return (int)control.zc_export.zcrx_fd;
    }

    private static KernelUnderTest Open(string name) => KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.Export, ZcrxFeature.Import);
}
