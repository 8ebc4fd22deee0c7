using Zcrx.Conformance.Support;
using Zcrx.Interop;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Conformance.Nic;

/// <summary>Tests a dma-buf as an area. The tests use ordinary memory from <c>/dev/udmabuf</c>, which the processor can read.</summary>
public unsafe class NicDmaBufTests : IClassFixture<LeakCheck>
{
    private const int Buffers = 512;

    [SkippableFact]
    public void The_device_writes_into_a_dma_buf()
    {
        NicUnderTest nic = NicUnderTest.Open(KernelUnderTest.Linux, ZcrxFeature.DmaBufArea, ZcrxFeature.Statistics);
        using var memory = UserDmaBuf.Create(Buffers * TestMemory.Page);
        using var setup = new QueueSetup(nic.Kernel, Buffers, Buffers, nic: nic);
        setup.AreaRegistration->addr = 0;
        setup.AreaRegistration->flags = IORING_ZCRX_AREA_DMABUF;
        setup.AreaRegistration->dmabuf_fd = (uint)memory.Fd;
        using var ring = new TestRing(nic.Kernel.Kernel, completionEntries: 1024);
        Results.Equal(0, setup.RegisterWhenFree(ring));

        using var port = new NicPort(nic);
        TcpPair connection = port.Connect();
        ring.Receive(setup.Registration->zcrx_id, connection.Server, 1);
        long position = 0;
        while (position < 200_000)
        {
            connection.Send(20_000);
            foreach (Cqe cqe in ring.TakeBytes(1, 20_000).Where(cqe => cqe.UserData == 1))
            {
                Assert.True(cqe.IsData && cqe.Offset + (ulong)cqe.Result <= memory.Length, $"{cqe}");
                Pattern.AssertAt(memory.Span((nuint)cqe.Offset, cqe.Result), position);
                position += cqe.Result;
            }
        }

        Assert.Equal(0ul, Volatile.Read(ref *(ulong*)(setup.Region.Address + (nint)setup.StatisticsOffset)));
    }

    [SkippableFact]
    public void The_library_receives_into_a_dma_buf_and_reads_it()
    {
        NicUnderTest nic = NicUnderTest.Open(KernelUnderTest.Linux, ZcrxFeature.DmaBufArea, ZcrxFeature.Statistics);
        using var memory = UserDmaBuf.Create(Buffers * TestMemory.Page);
        using var ring = new TestRing(nic.Kernel.Kernel, completionEntries: 1024);
        nic.AwaitRelease(nic.Queue);
        InterfaceQueue queue = InterfaceQueue.Register(
            ring.Ring, new InterfaceQueueOptions { Interface = nic.Interface, RxQueue = nic.Queue, DmaBuf = new DmaBufArea(memory.Fd, memory.Length) }, nic.Kernel.Capabilities);
        try
        {
            Assert.Equal(Buffers, queue.Buffers);
            using var port = new NicPort(nic);
            TcpPair connection = port.Connect();
            Assert.True(queue.TryPrepareReceive(connection.Server, 1));
            Assert.Equal(1, ring.Ring.Submit());
            long position = 0;
            // Receives more bytes than the area holds, so that its buffers must be used again.
            while (position < 2 * Buffers * 1448)
            {
                connection.Send(14_480);
                foreach (Cqe cqe in ring.TakeBytes(1, 14_480).Where(static cqe => cqe.UserData == 1))
                {
                    Assert.True(cqe.IsData && queue.Contains(cqe.Offset, cqe.Result), $"{cqe}");
                    Pattern.AssertAt(new ReadOnlySpan<byte>(queue.Address(cqe.Offset), cqe.Result), position);
                    position += cqe.Result;
                    Assert.True(queue.Refill.TryAppend(cqe.Offset));
                }

                queue.Refill.Publish();
            }

            Assert.Equal(0ul, queue.ReadStatistics().Fragments);
        }
        finally
        {
            ring.Dispose();
            queue.Dispose();
        }
    }

    [SkippableTheory]
    [Kernels]
    public void Descriptor_that_is_not_a_dma_buf_or_queue_without_a_device_is_refused_with_the_reason(string name)
    {
        NicUnderTest nic = NicUnderTest.Open(name, ZcrxFeature.DmaBufArea);
        using var ring = new TestRing(nic.Kernel.Kernel);
        using var file = new FileStream(Path.GetTempFileName(), FileMode.Open, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        file.SetLength((long)(64 * TestMemory.Page));
        InterfaceQueueOptions options = new() { Interface = nic.Interface, RxQueue = nic.Queue, DmaBuf = new DmaBufArea((int)file.SafeFileHandle.DangerousGetHandle(), 64 * TestMemory.Page) };
        nic.AwaitRelease(nic.Queue);
        Assert.Contains("dma-buf", Assert.Throws<ZcrxUnsupportedException>(() => InterfaceQueue.Register(ring.Ring, options, nic.Kernel.Capabilities)).Message, StringComparison.Ordinal);
        Assert.Contains("the queue has none", Assert.Throws<ZcrxUnsupportedException>(() => InterfaceQueue.Register(ring.Ring, options with { Interface = null }, nic.Kernel.Capabilities)).Message, StringComparison.Ordinal);
        Assert.Throws<ZcrxMemoryException>(() => InterfaceQueue.Register(ring.Ring, options with { DmaBuf = new DmaBufArea(-1, TestMemory.Page) }, nic.Kernel.Capabilities));
    }
}
