using Zcrx.Conformance.Support;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.Errno;

namespace Zcrx.Conformance.Registration;

public unsafe class RegistrationRegionTests : IClassFixture<LeakCheck>
{
    private static readonly Dictionary<string, (Action<QueueSetup> Spoil, int Expected)> Table = new()
    {
        ["no description"] = (setup => setup.Registration->region_ptr = 0, -EFAULT),
        ["description in unmapped memory"] = (setup => setup.Registration->region_ptr = (ulong)(setup.Region.Address - 64), -EFAULT),
        ["address 0"] = (setup => setup.RegionDescriptor->user_addr = 0, -EFAULT),
        ["size 0"] = (setup => setup.RegionDescriptor->size = 0, -EINVAL),
        ["unaligned address"] = (setup => setup.RegionDescriptor->user_addr += 2048, -EINVAL),
        ["unaligned size"] = (setup => setup.RegionDescriptor->size -= 2048, -EINVAL),
        ["too short for the entries"] = (setup => setup.Registration->rq_entries = 2048, -EINVAL),
        ["begins on the guard page"] = (setup => setup.RegionDescriptor->user_addr -= TestMemory.Page, -EFAULT),
        ["ends on the guard page"] = (setup => setup.RegionDescriptor->size += TestMemory.Page, -EFAULT),
        ["read-only"] = (setup => setup.Region.MakeReadOnly(), -EFAULT),
        ["unmapped"] = (setup => setup.RegionDescriptor->user_addr = (ulong)TestMemory.Nowhere, -EFAULT),
        ["unknown flag"] = (setup => setup.RegionDescriptor->flags |= 2, -EINVAL),
        ["address without the flag for it"] = (setup => setup.RegionDescriptor->flags = 0, -EFAULT),
        ["reserved word"] = (setup => setup.RegionDescriptor->__resv[3] = 1, -EINVAL),
        ["id given"] = (setup => setup.RegionDescriptor->id = 1, -EINVAL),
        ["offset given"] = (setup => setup.RegionDescriptor->mmap_offset = 4096, -EINVAL),
    };

    public static IEnumerable<string> Changes => Table.Keys;

    internal static IEnumerable<KeyValuePair<string, Action<QueueSetup>>> Spoils => Table.Select(row => KeyValuePair.Create(row.Key, row.Value.Spoil));

    [SkippableTheory, KernelsTimes(nameof(Changes))]
    public void Registration_with_an_invalid_region_is_refused(string name, string change)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        // With statistics, the kernel would first check whether they lie inside the region. Without them, it checks only the region.
        using var setup = new QueueSetup(kernel, statistics: false);
        using var ring = new TestRing(kernel.Kernel);
        (Action<QueueSetup> spoil, int expected) = Table[change];
        spoil(setup);
        Results.Equal(expected, setup.Register(ring));
    }

    [SkippableTheory, Kernels]
    public void Kernel_can_provide_the_memory_of_the_region(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using var setup = new QueueSetup(kernel);
        using var ring = new TestRing(kernel.Kernel);
        (setup.RegionDescriptor->flags, setup.RegionDescriptor->user_addr) = (0, 0);
        Results.Equal(0, setup.Register(ring));
        nint region = kernel.Kernel.Map(ring.Ring.Fd, setup.Region.Length, setup.RegionDescriptor->mmap_offset);
        Assert.True(region > 0, $"mmap of the region gives {region}");

        var tail = (uint*)(region + (nint)setup.Registration->offsets.tail);
        var head = (uint*)(region + (nint)setup.Registration->offsets.head);
        ((io_uring_zcrx_rqe*)(region + (nint)setup.Registration->offsets.rqes))[0] = default;
        Volatile.Write(ref *tail, 1u);
        Results.Equal(0, TestQueue.Flush(ring, setup.Registration->zcrx_id));
        Assert.Equal(1u, Volatile.Read(ref *head));
        Results.Equal(0, kernel.Kernel.Unmap(region, setup.Region.Length));
    }

    [SkippableTheory, Kernels]
    public void Region_of_exactly_the_entries_is_accepted(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        uint header = (uint)kernel.Capabilities.RefillHeaderSizeOr(Environment.SystemPageSize);
        header = uint.Max(header, 64);
        // The region has exactly as many pages as the header and 128 entries need.
        using var setup = new QueueSetup(kernel, entries: 128, statistics: false);
        using var ring = new TestRing(kernel.Kernel);
        nuint needed = header + (128u * (nuint)sizeof(io_uring_zcrx_rqe));
        setup.RegionDescriptor->size = (needed + TestMemory.Page - 1) / TestMemory.Page * TestMemory.Page;
        Results.Equal(0, setup.Register(ring));
        nuint end = setup.Registration->offsets.rqes + (128u * (nuint)sizeof(io_uring_zcrx_rqe));
        Assert.InRange(end, (nuint)1, (nuint)setup.RegionDescriptor->size);
    }
}
