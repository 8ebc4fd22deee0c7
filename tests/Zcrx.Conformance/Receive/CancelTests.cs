using Zcrx.Conformance.Support;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Conformance.Receive;

public class CancelTests : IClassFixture<LeakCheck>
{
    [SkippableTheory, Kernels]
    public void Cancellation_completes_before_the_cancelled_request(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        using var connection = new TcpPair();
        queue.Receive(connection, 7);
        queue.Ring.Cancel(7, 8);
        Assert.Equal([new Cqe(8, 0, 0, 0), new Cqe(7, -ECANCELED, 0, 0)], queue.Ring.Take(2).Select(cqe => cqe with { Offset = 0 }));
    }

    [SkippableTheory, Kernels]
    public void Cancel_of_an_unknown_request_finds_nothing(string name)
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
    public void Bytes_that_arrive_after_a_cancellation_stay_in_the_socket(string name)
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

    [SkippableTheory, Kernels]
    public void Cancellation_by_a_duplicate_descriptor_finds_the_request_of_the_same_file(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        using var connection = new TcpPair();
        queue.Receive(connection, 1);
        int duplicate = Posix.Duplicate(connection.Server);
        try
        {
            CancelByDescriptor(queue, duplicate, 8);
            Assert.Equal([(8ul, 1), (1ul, -ECANCELED)], queue.Ring.Take(2).Select(cqe => (cqe.UserData, cqe.Result)));
        }
        finally
        {
            Posix.Close(duplicate);
        }
    }

    [SkippableTheory, Kernels]
    public void Cancellation_by_a_reused_descriptor_number_finds_the_request_of_the_new_file(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        using var closed = new TcpPair();
        using var other = new TcpPair();
        queue.Receive(closed, 1);
        int number = closed.Server;
        closed.CloseServer();
        CancelByDescriptor(queue, number, 8);
        Results.Equal(-EBADF, Assert.Single(queue.Ring.Take(1)).Result);
        int duplicate = Posix.Duplicate(other.Server, least: number);
        try
        {
            Assert.Equal(number, duplicate);
            CancelByDescriptor(queue, number, 9);
            Results.Equal(0, Assert.Single(queue.Ring.Take(1)).Result);
        }
        finally
        {
            Posix.Close(duplicate);
        }
    }

    private static readonly Dictionary<string, (uint Flags, ulong UserData, uint Opcode, int Expected)> Table = new()
    {
        ["any of a descriptor"] = (IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_ANY, 0, 0, -EINVAL),
        ["any of an opcode"] = (IORING_ASYNC_CANCEL_OP | IORING_ASYNC_CANCEL_ANY, 0, IORING_OP_RECV_ZC, -EINVAL),
        ["unknown flag"] = (1u << 6, 0, 0, -EINVAL),
        ["one of an opcode"] = (IORING_ASYNC_CANCEL_OP, 0, IORING_OP_RECV_ZC, 0),
        ["all of an opcode"] = (IORING_ASYNC_CANCEL_OP | IORING_ASYNC_CANCEL_ALL, 0, IORING_OP_RECV_ZC, 1),
        ["another opcode"] = (IORING_ASYNC_CANCEL_OP, 0, IORING_OP_ACCEPT, -ENOENT),
        ["opcode and other user data"] = (IORING_ASYNC_CANCEL_OP | IORING_ASYNC_CANCEL_USERDATA, 2, IORING_OP_RECV_ZC, -ENOENT),
        ["descriptor and other user data"] = (IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_USERDATA, 2, 0, -ENOENT),
        ["descriptor and user data"] = (IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_USERDATA, 1, 0, 0),
        ["registered descriptor"] = (IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_FD_FIXED, 0, 0, -EBADF),
        ["registered, but no descriptor"] = (IORING_ASYNC_CANCEL_FD_FIXED, 1, 0, 0),
    };

    public static IEnumerable<string> Ways => Table.Keys;

    [SkippableTheory, KernelsTimes(nameof(Ways))]
    public void Cancel_selects_by_its_flags(string name, string way)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        using var connection = new TcpPair();
        queue.Receive(connection, 1);
        (uint flags, ulong userData, uint opcode, int expected) = Table[way];
        Submit(queue, connection.Server, 8, flags, userData, opcode);
        Results.Equal(expected, queue.Ring.Take(1).Single(cqe => cqe.UserData == 8).Result);
    }

    private static void CancelByDescriptor(TestQueue queue, int fd, ulong userData) =>
        Submit(queue, fd, userData, IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_ALL);

    private static unsafe void Submit(TestQueue queue, int fd, ulong userData, uint flags, ulong target = 0, uint length = 0)
    {
        Interop.Abi.io_uring_sqe* entry = queue.Ring.Prepare();
        entry->opcode = IORING_OP_ASYNC_CANCEL;
        entry->fd = fd;
        entry->addr = target;
        entry->len = length;
        entry->cancel_flags = flags;
        entry->user_data = userData;
        Assert.Equal(1, queue.Ring.Ring.Submit());
    }
}
