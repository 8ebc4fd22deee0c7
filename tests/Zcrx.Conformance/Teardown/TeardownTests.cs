using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Conformance.Teardown;

public class TeardownTests : IClassFixture<LeakCheck>
{
    private const byte Async = 1 << 4;

    [SkippableTheory, Kernels]
    public void Ring_closed_with_requests_in_flight_leaves_the_bytes_to_the_next_ring(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using var connection = new TcpPair();
        using (var queue = new TestQueue(kernel))
        {
            queue.Receive(connection, 1);
            Assert.Empty(queue.Ring.Settle());
        }

        connection.Send(10_000);
        using var next = new TestQueue(kernel);
        next.Receive(connection, 1);
        Assert.Equal(10_000, next.AssertPattern(next.Ring.TakeBytes(1, 10_000)));
    }

    [SkippableTheory, KernelsTimes(nameof(Exits))]
    public void Ring_can_be_closed_with_pending_work(string name, string exit)
    {
        bool isExported = exit.Contains("exported", StringComparison.Ordinal);
        bool isAsync = exit.Contains("worker", StringComparison.Ordinal);
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name, isExported ? [ZcrxFeature.Export] : []);
        using var connection = new TcpPair();
        for (int i = 0; i < 5; i++)
        {
            using var queue = new TestQueue(kernel);
            using Descriptor? export = isExported ? new Descriptor(kernel.Kernel, queue.Export()) : null;
            if (isAsync)
            {
                connection.Send(16);
                Submit(queue, connection, Async);
            }
            else
            {
                Submit(queue, connection, 0);
                // The arrival of bytes queues work for the ring, but the thread that would run the work has ended.
                connection.Send(16);
            }

            queue.CloseRing();
        }

        using var alive = new TestQueue(kernel);
        using var other = new TcpPair();
        alive.Receive(other, 1);
        other.Send(1000);
        Assert.Equal(1000, alive.AssertPattern(alive.Ring.TakeBytes(1, 1000)));
    }

    public static IEnumerable<string> Exits => ["polling", "on a worker", "polling, exported", "on a worker, exported"];

    [SkippableTheory, Kernels]
    public void Request_on_a_worker_thread_receives_like_any_other(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        using var connection = new TcpPair();
        connection.Send(5000);
        Submit(queue, connection, Async);
        connection.Send(5000);
        Assert.Equal(10_000, queue.AssertPattern(queue.Ring.TakeBytes(1, 10_000)));
    }

    [SkippableTheory, Kernels]
    public void Ring_can_be_closed_with_unread_completions_and_unreturned_buffers(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using var connection = new TcpPair();
        long position = 0;
        for (int i = 0; i < 10; i++)
        {
            using var queue = new TestQueue(kernel);
            queue.Receive(connection, 1, budget: 20_000);
            connection.Send(20_000);
            position = queue.AssertPattern(queue.Ring.TakeUntilEnd(1), position);
            queue.Ring.Nop(1);
            queue.Ring.Ring.Submit();
        }

        Assert.Equal(200_000, position);
    }

    [SkippableTheory, Kernels]
    public void Ring_can_be_closed_with_completions_in_the_overflow_list(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using var connection = new TcpPair();
        using var queue = new TestQueue(kernel, completionEntries: 8);
        queue.Receive(connection, 1);
        connection.Send(65_536);
        connection.AwaitArrival(60_000);
        queue.Ring.Ring.SubmitAndWait(0);
    }

    [SkippableTheory, Kernels]
    public void Many_queues_can_be_opened_and_closed(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        for (int i = 0; i < 50; i++)
        {
            using var queue = new TestQueue(kernel, buffers: 8);
            Assert.Equal(0u, queue.Id);
        }
    }

    [SkippableTheory, Kernels]
    public void Closing_a_ring_closes_all_its_queues(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        QueueSetup[] setups = [.. Enumerable.Range(0, 8).Select(_ => new QueueSetup(kernel, buffers: 8))];
        using (var ring = new TestRing(kernel.Kernel))
        {
            using var connection = new TcpPair();
            foreach (QueueSetup setup in setups)
            {
                Results.Equal(0, setup.Register(ring));
            }

            ring.Receive(7, connection.Server, 1);
            connection.Send(10);
            ring.TakeBytes(1, 10);
        }

        Array.ForEach(setups, setup => setup.Dispose());
    }

    [SkippableTheory, Kernels]
    public void The_last_user_of_a_queue_may_be_closed_by_another_thread(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.Export);
        using var queue = new TestQueue(kernel);
        int export = queue.Export();
        queue.CloseRing();
        OtherThread.Run(() => Results.Equal(0, kernel.Kernel.Close(export)));
    }

    private static unsafe void Submit(TestQueue queue, TcpPair connection, byte flags)
    {
        io_uring_sqe* entry = queue.Ring.Prepare();
        entry->opcode = IORING_OP_RECV_ZC;
        entry->flags = flags;
        entry->fd = connection.Server;
        entry->ioprio = IORING_RECV_MULTISHOT;
        entry->zcrx_ifq_idx = queue.Id;
        entry->user_data = 1;
        Assert.Equal(1, queue.Ring.Ring.Submit());
    }
}
