using Zcrx.Conformance.Support;
using Zcrx.Interop;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Conformance.Notifications;

/// <summary>
/// Tests notifications on queues without a device. Such a queue copies every fragment, so the notification about copies fires easily. The
/// notification about an empty pool never fires.
/// </summary>
public class NotificationTests : IClassFixture<LeakCheck>
{
    private const uint CopyOnly = 1u << (int)ZCRX_EVENT_COPY;
    private const uint NoBuffersOnly = 1u << (int)ZCRX_EVENT_ALLOC_FAIL;

    [SkippableTheory, Kernels]
    public void A_copy_is_reported_with_the_type_and_the_registered_user_data(string name)
    {
        using var queue = new TestQueue(Open(name));
        using var connection = new TcpPair();
        Cqe notification = FireOnce(queue, connection, 1);
        Assert.Equal((int)ZCRX_EVENT_COPY, notification.Result);
        Assert.Equal(0u, notification.Flags);
    }

    [SkippableTheory, Kernels]
    public void Copy_is_reported_once_until_it_is_armed_again(string name)
    {
        using var queue = new TestQueue(Open(name));
        using var connection = new TcpPair();
        queue.Receive(connection, 1);
        for (int round = 0; round < 3; round++)
        {
            int fired = 0;
            for (int i = 0; i < 5; i++)
            {
                connection.Send(20_000);
                IReadOnlyList<Cqe> completions = queue.Ring.TakeBytes(1, 20_000);
                fired += Count(completions) + Count(queue.Ring.Settle());
                queue.Return(completions);
                queue.FlushAll();
            }

            Assert.Equal(1, fired);
            Results.Equal(0, queue.Arm(ZCRX_EVENT_COPY));
        }
    }

    [SkippableTheory, Kernels]
    public void Copy_notification_follows_the_data_and_precedes_the_end(string name)
    {
        KernelUnderTest.OpenDeviceLessWithEnds(name);
        using var queue = new TestQueue(Open(name), buffers: 4);
        using var connection = new TcpPair();
        queue.Receive(connection, 1);
        connection.Send(8 * (int)TestMemory.Page);
        Cqe[] completions = [.. queue.Ring.TakeUntilEnd(1)];
        Assert.Equal(QueueSetup.NotificationUserData, completions[^2].UserData);
        Results.Equal(-ENOMEM, completions[^1].Result);
        Assert.All(completions[..^2], cqe => Assert.True(cqe.IsData));
    }

    [SkippableTheory, Kernels]
    public void Copy_notification_follows_an_end_by_budget_during_the_submission(string name)
    {
        KernelUnderTest kernel = Open(name);
        Skip.If(kernel.IsMultishot, "order of a notification in a submission: completions are translated after it, in the order of deferred work");
        using var queue = new TestQueue(kernel);
        using var connection = new TcpPair();
        connection.Send(1000);
        connection.AwaitArrival(1000);
        queue.Receive(connection, 1, budget: 1000);
        queue.Ring.RunUntil(all => Count(all) == 1, "the copy is reported");
        Assert.Equal([1, 1, QueueSetup.NotificationUserData], queue.Ring.TakeAll().Select(cqe => cqe.UserData));

        Results.Equal(0, queue.Arm(ZCRX_EVENT_COPY));
        queue.Receive(connection, 2, budget: 1000);
        connection.Send(1000);
        Assert.Equal([2, QueueSetup.NotificationUserData, 2], queue.Ring.TakeUntilEnd(2).Select(cqe => cqe.UserData));
    }

    [SkippableTheory, Kernels]
    public void An_empty_pool_is_not_reported_without_a_device(string name)
    {
        KernelUnderTest.OpenDeviceLessWithEnds(name);
        using var queue = new TestQueue(Open(name), buffers: 1, notifications: NoBuffersOnly);
        using var connection = new TcpPair();
        queue.Receive(connection, 1);
        connection.Send(32_768);
        IReadOnlyList<Cqe> completions = queue.Ring.TakeUntilEnd(1);
        Assert.Equal(0, Count(completions) + Count(queue.Ring.Settle()));
        Results.Equal(-EINVAL, queue.Arm(ZCRX_EVENT_ALLOC_FAIL));
    }

    [SkippableTheory, Kernels]
    public void Arming_depends_on_whether_that_type_has_fired(string name)
    {
        using var queue = new TestQueue(Open(name), notifications: CopyOnly);
        using var connection = new TcpPair();
        FireOnce(queue, connection, 1);
        Results.Equal(-EINVAL, queue.Arm(ZCRX_EVENT_ALLOC_FAIL));
        Results.Equal(0, queue.Arm(ZCRX_EVENT_COPY));
    }

    [SkippableTheory, Kernels]
    public void Each_queue_of_a_ring_reports_for_itself(string name)
    {
        KernelUnderTest kernel = Open(name);
        using var queue = new TestQueue(kernel);
        using var second = new QueueSetup(kernel);
        unsafe
        {
            second.Events->user_data = 0xe1;
            Results.Equal(0, second.Register(queue.Ring));
            using var first = new TcpPair();
            using var other = new TcpPair();
            queue.Receive(first, 1);
            queue.Ring.Receive(second.Registration->zcrx_id, other.Server, 2);
            first.Send(20_000);
            other.Send(20_000);
            queue.Ring.RunUntil(all => all.Any(cqe => cqe.UserData == 0xe0) && all.Any(cqe => cqe.UserData == 0xe1), "both queues report");
        }
    }

    [SkippableTheory, Kernels]
    public void Traffic_of_an_importer_is_reported_to_the_ring_that_registered_the_queue(string name)
    {
        KernelUnderTest kernel = Open(name, ZcrxFeature.Export, ZcrxFeature.Import);
        using var queue = new TestQueue(kernel);
        using var export = new Descriptor(kernel.Kernel, queue.Export());
        using var importer = new TestRing(kernel.Kernel);
        using var connection = new TcpPair();
        Results.Equal(0, TestQueue.Import(importer, export.Fd, out uint id));
        importer.Receive(id, connection.Server, 5);
        connection.Send(20_000);
        Assert.Equal(0, Count(importer.TakeBytes(5, 20_000)) + Count(importer.Settle()));
        queue.Ring.RunUntil(all => Count(all) == 1, "the registering ring is notified");
        Results.Equal(0, queue.Arm(ZCRX_EVENT_COPY));
    }

    [SkippableTheory, Kernels]
    public void Traffic_of_an_importer_on_another_thread_wakes_the_ring_that_registered_the_queue(string name)
    {
        KernelUnderTest kernel = Open(name, ZcrxFeature.Export, ZcrxFeature.Import);
        using var queue = new TestQueue(kernel);
        using var export = new Descriptor(kernel.Kernel, queue.Export());
        using var connection = new TcpPair();
        var thread = new Thread(() =>
        {
            using var importer = new TestRing(kernel.Kernel);
            TestQueue.Import(importer, export.Fd, out uint id);
            importer.Receive(id, connection.Server, 5);
            connection.Send(20_000);
            importer.TakeBytes(5, 20_000);
        });
        thread.Start();
        queue.Ring.RunUntil(all => Count(all) == 1, "the registering ring is notified");
        Assert.True(thread.Join(Deadline.Limit));
    }

    [SkippableTheory, Kernels]
    public void Copies_are_not_reported_after_the_registering_ring_was_closed(string name)
    {
        KernelUnderTest kernel = Open(name, ZcrxFeature.Export, ZcrxFeature.Import);
        using var importer = new TestRing(kernel.Kernel);
        using var queue = new TestQueue(kernel);
        using var connection = new TcpPair();
        using var export = new Descriptor(kernel.Kernel, queue.Export());
        Results.Equal(0, TestQueue.Import(importer, export.Fd, out uint id));
        queue.CloseRing();
        importer.Receive(id, connection.Server, 5);
        connection.Send(20_000);
        Assert.Equal(0, Count(importer.TakeBytes(5, 20_000)) + Count(importer.Settle()));
        // The importer's ring must be closed before the memory is freed.
        importer.Dispose();
    }

    private static KernelUnderTest Open(string name, params ReadOnlySpan<ZcrxFeature> alsoNeeded) =>
        KernelUnderTest.OpenDeviceLess(name, [ZcrxFeature.Notifications, .. alsoNeeded]);

    private static Cqe FireOnce(TestQueue queue, TcpPair connection, ulong request)
    {
        queue.Receive(connection, request);
        connection.Send(20_000);
        queue.Ring.RunUntil(all => Count(all) > 0, "a copy is reported");
        return Assert.Single(queue.Ring.TakeAll(), cqe => cqe.UserData == QueueSetup.NotificationUserData);
    }

    private static int Count(IReadOnlyList<Cqe> completions) => completions.Count(cqe => cqe.UserData == QueueSetup.NotificationUserData);
}
