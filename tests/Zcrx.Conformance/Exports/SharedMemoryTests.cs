using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Zcrx.Conformance.Child;
using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;
using Zcrx.Interop.Memory;
using Zcrx.Interop.Processes;

namespace Zcrx.Conformance.Exports;

/// <summary>
/// Tests queues whose memory another process can map: they work like any other queue, and another process can continue to use them.
/// </summary>
public unsafe class SharedMemoryTests : IClassFixture<LeakCheck>
{
    [SkippableTheory, Kernels]
    public void Payload_and_refill_entries_are_seen_through_another_mapping(string name)
    {
        using var bench = new LeaseBench(KernelUnderTest.OpenDeviceLess(name), isShared: true);
        MemoryRegion area = Assert.Single(bench.Queue.Memory.Areas);
        MemoryRegion region = bench.Queue.Memory.Region;
        Assert.True(area.IsShared && region.IsShared);
        using var otherArea = new Mapping(area.Fd, area.Length);
        using var otherRegion = new Mapping(region.Fd, region.Length);
        bench.Receive(1);
        List<BufferLease> leases = bench.Deliver(5, 1, static buffer => buffer.Retain());
        uint* tail = (uint*)(otherRegion.Address + (nint)bench.Queue.Memory.Offsets.tail);
        uint before = Volatile.Read(ref *tail);
        foreach (BufferLease lease in leases)
        {
            nint offset;
            fixed (byte* address = lease.Span)
            {
                offset = (nint)address - area.Address;
            }

            Assert.True(new ReadOnlySpan<byte>((byte*)otherArea.Address + offset, lease.Length).SequenceEqual(lease.Span));
            lease.Dispose();
        }

        bench.TakeBack();
        Assert.Equal(before + 5, Volatile.Read(ref *tail));
    }

    [SkippableTheory, Kernels]
    public void Closed_queue_and_failed_registration_leave_no_shared_memory_file(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        int before = Files();
        using (new LeaseBench(kernel, isShared: true))
        {
            Assert.Equal(before + 2, Files());
            using var ring = new TestRing(kernel.Kernel);
            Assert.ThrowsAny<ZcrxException>(() => InterfaceQueue.Register(ring.Ring, new InterfaceQueueOptions { SharedMemory = true, RxBufferLength = 12345 }, kernel.Capabilities));
        }

        Deadline.Until(() => Files() == before, "the files are gone");
    }

    [SkippableTheory, Kernels]
    public void Another_process_continues_a_queue_that_was_sent_to_it(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.Export, ZcrxFeature.Import);
        Skip.If(kernel.IsEmulated, "takeover to another process: an emulated queue lives in the process of its kernel");
        string path = Path.Combine(Path.GetTempPath(), $"zcrx-{Guid.NewGuid():N}");
        using Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        using var child = new ChildProcess("takeover", name, path);
        using Socket socket = listener.Accept();
        child.Await("SENT");
        byte[] bytes = new byte[256];
        List<int> descriptors = [];
        int length = DescriptorPassing.Receive((int)socket.SafeHandle.DangerousGetHandle(), bytes, descriptors);
        Assert.Equal(3, descriptors.Count);
        Assert.All(descriptors, static fd => Assert.True(Posix.IsCloseOnExec(fd)));
        uint[] layout = [.. Encoding.ASCII.GetString(bytes, 0, length).Split(' ').Select(static number => uint.Parse(number, CultureInfo.InvariantCulture))];
        using var export = new Descriptor(kernel.Kernel, descriptors[0]);
        using var area = new Mapping(descriptors[1], layout[0]);
        using var region = new Mapping(descriptors[2], layout[1]);
        Posix.Close(descriptors[1]);
        Posix.Close(descriptors[2]);
        child.Kill();

        using var ring = new TestRing(kernel.Kernel);
        using var connection = new TcpPair();
        Results.Equal(0, TestQueue.Import(ring, export.Fd, out uint id));
        RefillQueue refill = new((byte*)region.Address, new io_uring_zcrx_offsets { head = layout[2], tail = layout[3], rqes = layout[4] }, layout[5]);
        ring.Receive(id, connection.Server, 1);
        long position = 0;
        // Several times the size of the pool, so that buffers must return through the mapped refill queue.
        for (int i = 0; i < 50; i++)
        {
            connection.Send(20_000);
            foreach (Cqe cqe in ring.TakeBytes(1, 20_000).Where(static cqe => cqe.IsData))
            {
                Pattern.AssertAt(new ReadOnlySpan<byte>((byte*)area.Address + cqe.Offset, cqe.Result), position);
                position += cqe.Result;
                Assert.True(refill.TryAppend(cqe.Offset));
            }

            refill.Publish();
            Deadline.Until(
                () =>
                {
                    Results.Equal(0, TestQueue.Flush(ring, id));
                    return refill.Depth == 0;
                },
                "the refill queue is consumed");
        }

        Assert.Equal(1_000_000, position);
    }

    private static int Files() => Directory.GetFileSystemEntries("/proc/self/fd").Count(static path => new FileInfo(path).LinkTarget?.StartsWith("/memfd:zcrx", StringComparison.Ordinal) == true);

    /// <summary>Creates a second mapping of a file, as another process would.</summary>
    private sealed class Mapping : IDisposable
    {
        private readonly nuint _length;

        public Mapping(int fd, nuint length)
        {
            _length = length;
            Address = Libc.Map(0, length, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED, fd, 0);
            Assert.False(Libc.IsError(Address), $"mmap gives {Address}");
        }

        public nint Address { get; }

        public void Dispose() => Assert.Equal(0, Libc.Unmap(Address, _length));
    }
}
