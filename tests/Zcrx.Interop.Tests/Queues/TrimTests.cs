using Zcrx.Interop.Kernel;
using Zcrx.Interop.Leases;
using Zcrx.Interop.Memory;

namespace Zcrx.Interop.Tests.Queues;

public class TrimTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void CanTrimAreas_is_false_on_huge_pages(bool hugePages)
    {
        EmulatedKernel kernel = new();
        IoRing ring = IoRing.Create(kernel, new IoRingOptions { SubmissionEntries = 8 });
        InterfaceQueue registered = InterfaceQueue.Register(ring, new InterfaceQueueOptions { AreaSize = 1 << 16 }, ZcrxCapabilities.Query(kernel));
        // The machine may have no huge pages, so this area is an ordinary file that is only declared to lie on huge pages.
        nuint length = (nuint)Environment.SystemPageSize;
        int file = Libc.MemoryFile("test", Libc.MFD_CLOEXEC);
        Assert.Equal(0, Libc.Truncate(file, (nint)length));
        QueueMemory memory = new(registered.Memory.Region, registered.Memory.Offsets, registered.Memory.Entries, registered.BufferLength, null);
        registered.Memory.Region.AddOwner();
        memory.Add(MemoryRegion.MapFile(file, length, hugePages, "a test"));
        InterfaceQueue queue = new(ring, registered.Id, memory, new BufferLedger(static () => { }, recordOrigins: false, checkBorrows: true), isImported: true);

        Assert.Equal(!hugePages, queue.CanTrimAreas);

        ring.Dispose();
        queue.Dispose();
        registered.Dispose();
    }
}
