using Zcrx.Conformance.Support;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Conformance.Control;

public unsafe class ControlTests : IClassFixture<LeakCheck>
{
    private delegate void Spoil(zcrx_ctrl* control);

    private static readonly Dictionary<string, (Spoil Spoil, int Expected)> Table = new()
    {
        ["nothing"] = (_ => { }, 0),
        ["unknown queue"] = (control => control->zcrx_id = 77, -ENXIO),
        ["queue -1"] = (control => control->zcrx_id = uint.MaxValue, -ENXIO),
        ["unknown operation"] = (control => control->op = 99, -EOPNOTSUPP),
        ["last operation number there is"] = (control => control->op = uint.MaxValue, -EOPNOTSUPP),
        ["unknown queue and operation"] = (control => (control->zcrx_id, control->op) = (77, 99), -ENXIO),
        ["first reserved word"] = (control => control->__resv[0] = 1, -EFAULT),
        ["second reserved word"] = (control => control->__resv[1] = 1, -EFAULT),
        ["reserved word and unknown queue"] = (control => (control->zcrx_id, control->__resv[0]) = (77, 1), -EFAULT),
        ["flush: first reserved word"] = (control => control->zc_flush.__resv[0] = 1, -EINVAL),
        ["flush: last reserved word"] = (control => control->zc_flush.__resv[5] = 1, -EINVAL),
        ["export: descriptor given"] = (control => (control->op, control->zc_export.zcrx_fd) = (ZCRX_CTRL_EXPORT, 1), -EINVAL),
        ["export: first reserved word"] = (control => (control->op, control->zc_export.__resv1[0]) = (ZCRX_CTRL_EXPORT, 1), -EINVAL),
        ["export: last reserved word"] = (control => (control->op, control->zc_export.__resv1[10]) = (ZCRX_CTRL_EXPORT, 1), -EINVAL),
    };

    public static IEnumerable<string> Changes => Table.Keys;

    [SkippableTheory, KernelsTimes(nameof(Changes))]
    public void Control_call_succeeds_or_fails_with_the_errno_of_its_mistake(string name, string change)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        (Spoil spoil, int expected) = Table[change];
        zcrx_ctrl control = new() { zcrx_id = queue.Id, op = ZCRX_CTRL_FLUSH_RQ };
        spoil(&control);
        Results.Equal(expected, queue.Ring.Register(IORING_REGISTER_ZCRX_CTRL, &control, 0));
    }

    [SkippableTheory, Kernels]
    public void Control_call_with_an_argument_count_is_refused(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        zcrx_ctrl control = new() { zcrx_id = queue.Id, op = ZCRX_CTRL_FLUSH_RQ };
        Results.Equal(-EINVAL, queue.Ring.Register(IORING_REGISTER_ZCRX_CTRL, &control, 1));
    }

    [SkippableTheory, Kernels]
    public void Missing_parameters_are_refused(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        Results.Equal(-EFAULT, queue.Ring.Register(IORING_REGISTER_ZCRX_CTRL, null, 0));
        Results.Equal(-EFAULT, queue.Ring.Register(IORING_REGISTER_ZCRX_CTRL, (byte*)queue.Setup.Area.Address - 64, 0));
    }

    [SkippableTheory, Kernels]
    public void Flush_with_read_only_parameters_succeeds(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        using var memory = new TestMemory(TestMemory.Page);
        *(zcrx_ctrl*)memory.Address = new zcrx_ctrl { zcrx_id = queue.Id, op = ZCRX_CTRL_FLUSH_RQ };
        memory.MakeReadOnly();
        Results.Equal(0, queue.Ring.Register(IORING_REGISTER_ZCRX_CTRL, (void*)memory.Address, 0));
    }

    [SkippableTheory, Kernels]
    public void Control_call_on_a_ring_without_queues_is_refused(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using var ring = new TestRing(kernel.Kernel);
        Results.Equal(-ENXIO, TestQueue.Flush(ring, 0));
    }

    [SkippableTheory, Kernels]
    public void Control_call_for_the_queue_of_another_ring_is_refused(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using var queue = new TestQueue(kernel);
        using var other = new TestRing(kernel.Kernel);
        Results.Equal(-ENXIO, TestQueue.Flush(other, queue.Id));
    }

    [SkippableTheory, Kernels]
    public void Control_call_without_a_ring_is_refused(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        zcrx_ctrl control = new() { op = ZCRX_CTRL_EXPORT };
        Results.Equal(-EINVAL, kernel.Kernel.Register(-1, IORING_REGISTER_ZCRX_CTRL, &control, 0));
    }

    [SkippableTheory, Kernels]
    public void Exactly_the_operations_that_the_query_counts_exist(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using var queue = new TestQueue(kernel);
        for (uint operation = 0; operation < 8; operation++)
        {
            zcrx_ctrl control = new() { zcrx_id = queue.Id, op = operation };
            // The reserved word is not 0, so the kernel rejects every operation that it knows.
            control.zc_flush.__resv[5] = 1;
            int result = queue.Ring.Register(IORING_REGISTER_ZCRX_CTRL, &control, 0);
            Assert.True(operation < kernel.Capabilities.ControlOperations ? result is -EINVAL or -EFAULT : result == -EOPNOTSUPP, $"{operation}: {Results.Name(result)}");
        }
    }
}
