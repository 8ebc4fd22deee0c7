using Zcrx.Conformance.Support;
using Zcrx.Interop;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Conformance.Nic;

/// <summary>An area that is a dma-buf: here ordinary memory that <c>/dev/udmabuf</c> made one of, so that it can be read back.</summary>
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
}
