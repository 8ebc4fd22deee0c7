using Zcrx.Conformance.Support;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Conformance.Receive;

public class CancelTests : IClassFixture<LeakCheck>
{
    [SkippableTheory, Kernels]
    public void The_cancellation_completes_before_what_it_cancelled(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        using var connection = new TcpPair();
        queue.Receive(connection, 7);
        queue.Ring.Cancel(7, 8);
        Assert.Equal([new Cqe(8, 0, 0, 0), new Cqe(7, -ECANCELED, 0, 0)], queue.Ring.Take(2).Select(cqe => cqe with { Offset = 0 }));
    }

    [SkippableTheory, Kernels]
    public void A_request_that_is_not_there_is_not_found(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        queue.Ring.Cancel(7, 8);
        Results.Equal(-ENOENT, Assert.Single(queue.Ring.Take(1)).Result);
    }

    [SkippableTheory, Kernels]
    public void A_request_that_has_ended_is_not_found(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        using var connection = new TcpPair();
        connection.EndSending();
        queue.Receive(connection, 7);
        queue.Ring.TakeUntilEnd(7);
        queue.Ring.Cancel(7, 8);
        Results.Equal(-ENOENT, Assert.Single(queue.Ring.Take(1)).Result);
    }

    [SkippableTheory, Kernels]
    public void The_bytes_that_come_after_it_stay_in_the_socket(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        using var connection = new TcpPair();
        queue.Receive(connection, 1);
        connection.Send(1000);
        Assert.Equal(1000, queue.AssertPattern(queue.Ring.TakeBytes(1, 1000)));
        queue.Ring.Cancel(1, 2);
        queue.Ring.TakeUntilEnd(1);
        connection.Send(2000);
        connection.AwaitArrival(2000);
        Assert.DoesNotContain(queue.Ring.Settle(), cqe => cqe.UserData == 1);
        queue.Receive(connection, 3);
        Assert.Equal(3000, queue.AssertPattern(queue.Ring.TakeBytes(3, 2000), 1000));
    }

    [SkippableTheory, Kernels]
    public void All_requests_of_a_descriptor_can_be_cancelled_at_once(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        using var first = new TcpPair();
        using var second = new TcpPair();
        queue.Receive(first, 1);
        queue.Receive(second, 2);
        CancelByDescriptor(queue, first.Server, 8);
        IReadOnlyList<Cqe> completions = queue.Ring.Take(2);
        Assert.Equal([(8ul, 1), (1ul, -ECANCELED)], completions.Select(cqe => (cqe.UserData, cqe.Result)));
        second.Send(100);
        Assert.Equal(100, queue.AssertPattern(queue.Ring.TakeBytes(2, 100)));
    }

    [SkippableTheory, Kernels]
    public void Everything_can_be_cancelled_at_once(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        using var first = new TcpPair();
        using var second = new TcpPair();
        queue.Receive(first, 1);
        queue.Receive(second, 2);
        queue.Ring.Cancel(0, 8, IORING_ASYNC_CANCEL_ANY);
        Cqe[] completions = [.. queue.Ring.Take(3).OrderBy(cqe => cqe.UserData)];
        Assert.Equal([(1ul, -ECANCELED), (2ul, -ECANCELED), (8ul, 2)], completions.Select(cqe => (cqe.UserData, cqe.Result)));
    }

    private static unsafe void CancelByDescriptor(TestQueue queue, int fd, ulong userData)
    {
        Interop.Abi.io_uring_sqe* entry = queue.Ring.Prepare();
        entry->opcode = IORING_OP_ASYNC_CANCEL;
        entry->fd = fd;
        entry->cancel_flags = IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_ALL;
        entry->user_data = userData;
        Assert.Equal(1, queue.Ring.Ring.Submit());
    }
}
