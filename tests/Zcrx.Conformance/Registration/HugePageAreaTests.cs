using System.Globalization;
using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Interop.Memory;

namespace Zcrx.Conformance.Registration;

/// <summary>Tests areas on huge pages. Without a device, their buffers are still ordinary pages.</summary>
public class HugePageAreaTests : IClassFixture<LeakCheck>
{
    private const int Length = 2 * 1024 * 1024;

    [SkippableTheory, Kernels]
    public void Every_buffer_of_a_huge_page_is_received_into_and_comes_back(string name)
    {
        using LeaseBench bench = Open(name);
        int buffers = bench.Queue.Buffers;
        Assert.Equal(Length / (int)TestMemory.Page, buffers);
        Assert.True(PageSize(Assert.Single(bench.Queue.Memory.Areas)) > TestMemory.Page, "the area lies on huge pages");
        bench.Receive(1);
        for (int lap = 0; lap < 2; lap++)
        {
            HashSet<ulong> used = [];
            List<BufferLease> kept = bench.Deliver(buffers, 1, buffer =>
            {
                int slot = buffer.TryLeaseSlot();
                used.Add(bench.Ledger[slot].Offset);
                bench.Ledger.Release(slot);
                return buffer.Retain();
            });
            Assert.Equal(buffers, used.Count);
            // The next pass of the loop leases all these buffers again.
            kept.ForEach(static lease => lease.Dispose());
            bench.TakeBack();
        }
    }

    private static LeaseBench Open(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        LeaseBench? bench = null;
        try
        {
            bench = new LeaseBench(kernel, Length / (int)TestMemory.Page, hugePages: true);
        }
        catch (ZcrxMemoryException exception)
        {
            Skip.If(true, exception.Message);
        }

        return bench!;
    }

    /// <summary>Returns the size of an area's pages, as the kernel reports it.</summary>
    private static nuint PageSize(MemoryRegion area)
    {
        string start = area.Address.ToString("x", CultureInfo.InvariantCulture) + "-";
        string line = File.ReadLines("/proc/self/smaps")
            .SkipWhile(line => !line.StartsWith(start, StringComparison.Ordinal))
            .First(static line => line.StartsWith("KernelPageSize:", StringComparison.Ordinal));
        return nuint.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}
