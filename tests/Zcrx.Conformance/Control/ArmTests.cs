using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Conformance.Control;

public unsafe class ArmTests : IClassFixture<LeakCheck>
{
    [SkippableTheory, Kernels]
    public void Type_that_has_not_fired_cannot_be_armed(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.Notifications));
        Results.Equal(-EINVAL, queue.Arm(ZCRX_EVENT_ALLOC_FAIL));
        Results.Equal(-EINVAL, queue.Arm(ZCRX_EVENT_COPY));
    }

    [SkippableTheory, Kernels]
    public void Unknown_types_and_masks_are_refused(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.Notifications));
        foreach (uint type in new uint[] { 2, 3, 9, 31, 32, 33, uint.MaxValue })
        {
            Results.Equal(-EINVAL, queue.Arm(type));
        }
    }

    [SkippableTheory, Kernels]
    public void Reserved_words_are_refused_even_when_the_type_has_fired(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.Notifications));
        using var connection = new TcpPair();
        Fire(queue, connection);
        foreach (int word in new[] { 0, 10 })
        {
            zcrx_ctrl control = new() { zcrx_id = queue.Id, op = ZCRX_CTRL_ARM_EVENT };
            control.zc_arm_event.event_type = ZCRX_EVENT_COPY;
            control.zc_arm_event.__resv[word] = 1;
            Results.Equal(-EINVAL, queue.Ring.Register(IORING_REGISTER_ZCRX_CTRL, &control, 0));
        }

        Results.Equal(0, queue.Arm(ZCRX_EVENT_COPY));
    }

    [SkippableTheory, Kernels]
    public void Type_that_has_fired_can_be_armed_once(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.Notifications));
        using var connection = new TcpPair();
        Fire(queue, connection);
        Results.Equal(-EINVAL, queue.Arm(ZCRX_EVENT_ALLOC_FAIL));
        Results.Equal(0, queue.Arm(ZCRX_EVENT_COPY));
        Results.Equal(-EINVAL, queue.Arm(ZCRX_EVENT_COPY));
    }

    [SkippableTheory, Kernels]
    public void Types_that_were_not_requested_neither_fire_nor_can_be_armed(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.Notifications), notifications: 0);
        using var connection = new TcpPair();
        queue.Receive(connection, 1);
        connection.Send(50_000);
        Assert.DoesNotContain(queue.Ring.TakeBytes(1, 50_000), cqe => cqe.UserData == QueueSetup.NotificationUserData);
        Assert.Empty(queue.Ring.Settle());
        Results.Equal(-EINVAL, queue.Arm(ZCRX_EVENT_COPY));
    }

    [SkippableTheory, Kernels]
    public void A_kernel_without_notifications_does_not_know_the_operation(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using var queue = new TestQueue(kernel);
        Results.Equal(kernel.Capabilities.Notifications ? -EINVAL : -EOPNOTSUPP, queue.Arm(ZCRX_EVENT_COPY));
    }

    private static void Fire(TestQueue queue, TcpPair connection)
    {
        queue.Receive(connection, 1);
        connection.Send(20_000);
        queue.Ring.RunUntil(all => all.Any(cqe => cqe.UserData == QueueSetup.NotificationUserData), "a copy is reported");
    }
}
