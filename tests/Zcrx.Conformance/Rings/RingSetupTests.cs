using Zcrx.Conformance.Support;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Conformance.Rings;

public unsafe class RingSetupTests : IClassFixture<LeakCheck>
{
    private static readonly Dictionary<string, (uint Entries, uint Completions, uint Flags, int Expected)> Table = new()
    {
        ["no entries"] = (0, 0, RawRing.Mandatory, -EINVAL),
        ["too many entries"] = (32769, 0, RawRing.Mandatory, -EINVAL),
        ["work deferred without a single issuer"] = (8, 0, IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQE32, -EINVAL),
        ["no completion entries"] = (8, 0, RawRing.Mandatory | IORING_SETUP_CQSIZE, -EINVAL),
        ["fewer completion than submission entries"] = (8, 4, RawRing.Mandatory | IORING_SETUP_CQSIZE, -EINVAL),
        ["too many completion entries"] = (8, 65537, RawRing.Mandatory | IORING_SETUP_CQSIZE, -EINVAL),
        ["unknown flag"] = (8, 0, RawRing.Mandatory | (1u << 31), -EINVAL),
    };

    public static IEnumerable<string> Setups => Table.Keys;

    [SkippableTheory, KernelsTimes(nameof(Setups))]
    public void Ring_with_invalid_sizes_or_flags_is_refused(string name, string setup)
    {
        KernelUnderTest kernel = KernelUnderTest.Open(name);
        (uint entries, uint completions, uint flags, int expected) = Table[setup];
        using var ring = new RawRing(kernel.Kernel, flags, entries, completions);
        Results.Equal(expected, ring.Fd);
    }

    [SkippableTheory, Kernels]
    public void Completions_are_of_one_size_or_of_mixed_size(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.Open(name);
        Skip.If(((kernel.Capabilities.RingSetupFlags ?? 0) & IORING_SETUP_CQE_MIXED) == 0, "completions of mixed size: the kernel does not accept the set-up flag");
        using var both = new RawRing(kernel.Kernel, RawRing.Mandatory | IORING_SETUP_CQE_MIXED);
        Results.Equal(-EINVAL, both.Fd);
    }

    [SkippableTheory, Kernels]
    public void Sizes_are_rounded_up_and_written_back(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.Open(name);
        using var ring = new RawRing(kernel.Kernel, RawRing.Mandatory | IORING_SETUP_CQSIZE, entries: 5, completionEntries: 17);
        Assert.True(ring.Fd >= 0);
        Assert.Equal((8u, 32u), (ring.Parameters.sq_entries, ring.Parameters.cq_entries));
        using var twice = new RawRing(kernel.Kernel, RawRing.Mandatory, entries: 5);
        Assert.Equal((8u, 16u), (twice.Parameters.sq_entries, twice.Parameters.cq_entries));
    }

    [SkippableTheory, Kernels]
    public void Sizes_are_clamped_on_request(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.Open(name);
        using var ring = new RawRing(kernel.Kernel, RawRing.Mandatory | IORING_SETUP_CLAMP | IORING_SETUP_CQSIZE, entries: 100_000, completionEntries: 200_000);
        Assert.True(ring.Fd >= 0);
        Assert.Equal((32768u, 65536u), (ring.Parameters.sq_entries, ring.Parameters.cq_entries));
    }

    [SkippableTheory, Kernels]
    public void Ring_has_the_features_that_the_library_needs(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.Open(name);
        using var ring = new RawRing(kernel.Kernel, RawRing.Mandatory);
        const uint Needed = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG;
        Assert.Equal(Needed, ring.Parameters.features & Needed);
    }

    [SkippableTheory, Kernels]
    public void Ring_without_parameters_is_refused(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.Open(name);
        using var memory = new TestMemory(TestMemory.Page);
        Results.Equal(-EFAULT, kernel.Kernel.Setup(8, (io_uring_params*)(memory.Address - 256)));
        *(io_uring_params*)memory.Address = new io_uring_params { flags = RawRing.Mandatory };
        memory.MakeReadOnly();
        Results.Equal(-EFAULT, kernel.Kernel.Setup(8, (io_uring_params*)memory.Address));
    }

    [SkippableTheory, Kernels]
    public void Reserved_fields_are_refused(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.Open(name);
        io_uring_params parameters = new() { flags = RawRing.Mandatory, resv1 = 1 };
        Results.Equal(-EINVAL, kernel.Kernel.Setup(8, &parameters));
    }

    [SkippableTheory, Kernels]
    public void A_ring_maps_its_own_regions_only(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.Open(name);
        using var ring = new RawRing(kernel.Kernel, RawRing.Mandatory);
        Assert.True(kernel.Kernel.Map(ring.Fd, TestMemory.Page, 0x20000000) < 0);
        Results.Equal(-EBADF, (int)kernel.Kernel.Map(-1, TestMemory.Page, IORING_OFF_SQES));
    }

    [SkippableTheory, Kernels]
    public void A_ring_can_be_closed_once(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.Open(name);
        io_uring_params parameters = new() { flags = RawRing.Mandatory };
        int fd = kernel.Kernel.Setup(8, &parameters);
        Results.Equal(0, kernel.Kernel.Close(fd));
        Results.Equal(-EBADF, kernel.Kernel.Close(fd));
        Results.Equal(-EBADF, kernel.Kernel.Enter(fd, 0, 0, 0, null, 0));
    }
}
