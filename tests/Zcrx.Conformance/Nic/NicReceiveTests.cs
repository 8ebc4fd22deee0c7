using Xunit.Abstractions;
using Zcrx.Conformance.Support;
using Zcrx.Interop;
using static Zcrx.Interop.Abi.Errno;

namespace Zcrx.Conformance.Nic;

/// <summary>Tests that payload reaches the area without a copy.</summary>
public class NicReceiveTests(ITestOutputHelper output) : IClassFixture<LeakCheck>
{
    [SkippableTheory]
    [Kernels]
    public void Payload_arrives_without_a_copy(string name)
    {
        using var nic = new NicQueue(NicUnderTest.Open(name, ZcrxFeature.Statistics), buffers: 512, entries: 512);
        TcpPair[] connections = [.. Enumerable.Range(0, 8).Select(_ => nic.Connect())];
        long? before = nic.Nic.ZeroCopyFragments();
        long completions = 0;
        // More packets than buffers, so that every buffer is used several times.
        int each = Scale.Of(524_288, 64 * 1024 * 1024);
        Assert.Equal(8L * each, Transfer.Run(nic.Queue, connections, each, data => completions += data));
        Assert.Equal(0ul, nic.Queue.CopyCount);
        if (before is not null)
        {
            // The NIC also writes retransmitted packets to the area, but their bytes are delivered only once.
            long written = nic.Nic.ZeroCopyFragments()!.Value - before.Value;
            long sentAgain = connections.Sum(connection => (long)Posix.Retransmits(connection.Client));
            output.WriteLine($"{8L * each} bytes in {completions} completions, nothing copied; {written} fragments written to the area, {sentAgain} packets sent again");
            Assert.InRange(written, completions, completions + sentAgain);
        }
    }

    [SkippableTheory]
    [Kernels]
    public void The_device_takes_buffers_from_the_refill_queue_without_a_flush(string name)
    {
        using var nic = new NicQueue(NicUnderTest.Open(name));
        TcpPair connection = nic.Connect();
        nic.Queue.Receive(connection, 1);
        long position = 0;
        // Three times the area, without a single flush call.
        while (position < 3 * 256 * 1448)
        {
            connection.Send(14_480);
            IReadOnlyList<Cqe> data = nic.Queue.Ring.TakeBytes(1, 14_480);
            position = nic.Queue.AssertPattern(data, position);
            nic.Queue.Return(data, flushes: false);
        }
    }

    [SkippableTheory]
    [Kernels]
    public void Several_packets_may_share_a_buffer(string name)
    {
        using var nic = new NicQueue(NicUnderTest.Open(name));
        TcpPair connection = nic.Connect();
        nic.Nic.Control("pack", "on");
        try
        {
            nic.Queue.Receive(connection, 1);
            long position = 0;
            bool isShared = false;
            bool isOffset = false;
            while (position < 3 * 256 * 1448)
            {
                connection.Send(14_480);
                IReadOnlyList<Cqe> data = nic.Queue.Ring.TakeBytes(1, 14_480);
                position = nic.Queue.AssertPattern(data, position);
                isOffset |= data.Any(cqe => cqe.Offset % (ulong)TestMemory.Page != 0);
                isShared |= data.Select(cqe => cqe.Offset / (ulong)TestMemory.Page).Distinct().Count() < data.Count;
                // The bytes of several completions may share a buffer. Each completion holds a reference to it, so each needs a refill
                // entry.
                nic.Queue.Return(data, flushes: false);
            }

            Assert.True(isOffset && isShared, $"completions point into the middle of buffers ({isOffset}) and share them ({isShared})");
        }
        finally
        {
            nic.Nic.Control("pack", "off");
        }
    }

    [SkippableTheory]
    [Kernels]
    public void Ordinary_receive_cannot_read_bytes_in_the_memory_of_a_queue(string name)
    {
        Skip.If(name != KernelUnderTest.Linux, "with an emulated NIC, the bytes lie in kernel memory");
        using var nic = new NicQueue(NicUnderTest.Open(name));
        TcpPair connection = nic.Connect();
        connection.Send(1000);
        connection.AwaitArrival(1000);
        Results.Equal(-EFAULT, Posix.ReceiveNow(connection.Server, new byte[1000]));
        // The failed ordinary receive consumed no bytes.
        nic.Queue.Receive(connection, 1);
        Assert.Equal(1000, nic.Queue.AssertPattern(nic.Queue.Ring.TakeBytes(1, 1000)));
    }

    [SkippableTheory]
    [Kernels]
    public unsafe void Large_buffers_on_huge_pages_receive_without_a_copy(string name)
    {
        const uint Length = 65536;
        NicUnderTest nic = NicUnderTest.Open(name, ZcrxFeature.RxBufferLength);
        using var ring = new TestRing(nic.Kernel.Kernel, completionEntries: 1024);
        InterfaceQueue queue = Open(nic, ring, Length, hugePages: true);
        try
        {
            Skip.If(queue.WhyPageBuffers is not null, queue.WhyPageBuffers);
            Assert.Equal((int)Length, queue.BufferLength);
            Assert.Equal(64, queue.Buffers);
            using var port = new NicPort(nic);
            TcpPair connection = port.Connect();
            Assert.True(queue.TryPrepareReceive(connection.Server, 1));
            Assert.Equal(1, ring.Ring.Submit());
            long position = 0;
            while (position < 64 * 14_480)
            {
                connection.Send(14_480);
                foreach (Cqe cqe in ring.TakeBytes(1, 14_480))
                {
                    Assert.True(queue.Contains(cqe.Offset, cqe.Result));
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
    public void Unsupported_large_buffers_fall_back_to_pages_with_a_reason(string name)
    {
        NicUnderTest nic = NicUnderTest.Open(name, ZcrxFeature.RxBufferLength);
        foreach (uint length in new uint[] { 64 * 1024, 2 * 1024 * 1024 })
        {
            using var ring = new TestRing(nic.Kernel.Kernel);
            // A transparent huge page can make the memory contiguous by chance. The additional page ensures that the area cannot be divided
            // into large buffers.
            InterfaceQueue queue = Open(nic, ring, length, hugePages: false, area: (4 * 1024 * 1024) + TestMemory.Page);
            ring.Dispose();
            queue.Dispose();
            Assert.Equal((int)TestMemory.Page, queue.BufferLength);
            Assert.Contains("buffers are pages of", queue.WhyPageBuffers, StringComparison.Ordinal);
        }
    }

    private static InterfaceQueue Open(NicUnderTest nic, TestRing ring, uint bufferLength, bool hugePages, nuint area = 4 * 1024 * 1024)
    {
        InterfaceQueueOptions options = new()
        {
            Interface = nic.Interface, RxQueue = nic.Queue, AreaSize = area, HugePages = hugePages, RxBufferLength = bufferLength,
        };
        InterfaceQueue? queue = null;
        string? noMemory = null;
        Deadline.Until(
            () =>
            {
                try
                {
                    queue = InterfaceQueue.Register(ring.Ring, options, nic.Kernel.Capabilities);
                }
                catch (ZcrxMemoryException refusal)
                {
                    noMemory = refusal.Message;
                }
                catch (ZcrxQueueBusyException)
                {
                    // The kernel may still be closing the ring of the previous test.
                }

                return queue is not null || noMemory is not null;
            },
            "the queue is free");
        Skip.If(noMemory is not null, noMemory);
        return queue!;
    }
}
