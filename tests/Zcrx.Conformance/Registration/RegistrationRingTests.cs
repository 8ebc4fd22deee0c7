using Zcrx.Conformance.Support;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Conformance.Registration;

public class RegistrationRingTests : IClassFixture<LeakCheck>
{
    private static readonly Dictionary<string, (uint Flags, int Expected)> Table = new()
    {
        ["all that is needed"] = (RawRing.Mandatory, 0),
        ["completions of mixed size"] = (IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_CQE_MIXED, 0),
        ["work not deferred"] = (IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_CQE32, -EINVAL),
        ["small completions only"] = (IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SINGLE_ISSUER, -EINVAL),
        ["nothing"] = (0, -EINVAL),
    };

    public static IEnumerable<string> Rings => Table.Keys;

    [SkippableTheory, KernelsTimes(nameof(Rings))]
    public void Queue_requires_deferred_work_and_large_completions(string name, string ringWith)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        (uint flags, int expected) = Table[ringWith];
        using var setup = new QueueSetup(kernel);
        using var ring = new RawRing(kernel.Kernel, flags);
        Assert.True(ring.Fd >= 0, $"setup gives {ring.Fd}");
        Results.Equal(expected, ring.Register(setup));
    }

    [SkippableTheory, Kernels]
    public void Only_the_thread_that_made_the_ring_may_use_it(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using var setup = new QueueSetup(kernel);
        using var ring = new TestRing(kernel.Kernel);
        OtherThread.Run(() => Results.Equal(-EEXIST, setup.Register(ring)));
        OtherThread.Run(() => Results.Equal(-EEXIST, ring.Ring.SubmitAndWait(0)));
        Results.Equal(0, setup.Register(ring));
        OtherThread.Run(() => Results.Equal(-EEXIST, TestQueue.Flush(ring, 0)));
        Results.Equal(0, TestQueue.Flush(ring, 0));
    }

    [SkippableTheory, Kernels]
    public void Ring_whose_thread_has_ended_can_only_be_closed(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using var setup = new QueueSetup(kernel);
        TestRing? orphan = null;
        OtherThread.Run(() => orphan = new TestRing(kernel.Kernel));
        using TestRing ring = orphan!;
        for (int i = 0; i < 20; i++)
        {
            // The kernel reuses thread ids. One of these threads may have the id of the ended thread that created the ring.
            OtherThread.Run(() => Results.Equal(-EEXIST, setup.Register(ring)));
            OtherThread.Run(() => Results.Equal(-EEXIST, ring.Ring.SubmitAndWait(0)));
        }
    }

    [SkippableTheory, Kernels]
    public void Registration_on_a_descriptor_that_is_no_ring_is_refused(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using var setup = new QueueSetup(kernel);
        Results.Equal(-EINVAL, Register(kernel, -1, setup));
        Results.Equal(-EBADF, Register(kernel, 9999, setup));
    }

    private static unsafe int Register(KernelUnderTest kernel, int fd, QueueSetup setup) =>
        kernel.Kernel.Register(fd, IORING_REGISTER_ZCRX_IFQ, setup.Registration, 1);
}
