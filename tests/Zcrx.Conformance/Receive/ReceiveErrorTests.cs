using Zcrx.Conformance.Support;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Conformance.Receive;

public unsafe class ReceiveErrorTests : IClassFixture<LeakCheck>
{
    private delegate void Spoil(io_uring_sqe* entry);

    private static readonly Dictionary<string, (Spoil Spoil, int Expected)> Table = new()
    {
        ["no multishot flag"] = (entry => entry->ioprio = 0, -EINVAL),
        ["unknown receive flag"] = (entry => entry->ioprio |= 1 << 9, -EINVAL),
        ["unknown queue"] = (entry => entry->zcrx_ifq_idx = 55, -EINVAL),
        ["queue -1"] = (entry => entry->zcrx_ifq_idx = uint.MaxValue, -EINVAL),
        ["second address"] = (entry => entry->off = 1, -EINVAL),
        ["address"] = (entry => entry->addr = 1, -EINVAL),
        ["third address"] = (entry => entry->addr3 = 1, -EINVAL),
        ["message flags"] = (entry => entry->msg_flags = 0x40, -EINVAL),
        ["descriptor -1"] = (entry => entry->fd = -1, -EBADF),
        ["descriptor that is not open"] = (entry => entry->fd = 99999, -EBADF),
        ["descriptor -1 and unknown queue"] = (entry => (entry->fd, entry->zcrx_ifq_idx) = (-1, 55), -EINVAL),
    };

    public static IEnumerable<string> Changes => Table.Keys;

    [SkippableTheory, KernelsTimes(nameof(Changes))]
    public void Receive_with_an_invalid_parameter_is_refused(string name, string change)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        using var connection = new TcpPair();
        (Spoil spoil, int expected) = Table[change];
        io_uring_sqe* entry = queue.Ring.Prepare();
        entry->opcode = IORING_OP_RECV_ZC;
        entry->fd = connection.Server;
        entry->ioprio = IORING_RECV_MULTISHOT;
        entry->zcrx_ifq_idx = queue.Id;
        entry->user_data = 7;
        spoil(entry);
        Results.Equal(1, queue.Ring.Ring.Submit());
        Cqe end = Assert.Single(queue.Ring.TakeUntilEnd(7));
        Results.Equal(expected, end.Result);
        Assert.Equal(0u, end.Flags);
    }

    [SkippableTheory, Kernels]
    public void Receive_from_a_file_that_is_no_connected_TCP_socket_is_refused(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        (int read, int write) = Posix.Pipe();
        (int first, int second) = Posix.UnixPair();
        int datagrams = Posix.Socket(Posix.AF_INET, Posix.SOCK_DGRAM);
        int unconnected = Posix.Socket(Posix.AF_INET, Posix.SOCK_STREAM);
        try
        {
            Results.Equal(-ENOTSOCK, Outcome(queue, read));
            Results.Equal(-EPROTONOSUPPORT, Outcome(queue, first));
            Results.Equal(-EPROTONOSUPPORT, Outcome(queue, datagrams));
            Results.Equal(-ENOTCONN, Outcome(queue, unconnected));
            Results.Equal(-ENOTSOCK, Outcome(queue, queue.Ring.Ring.Fd));
        }
        finally
        {
            foreach (int fd in new[] { read, write, first, second, datagrams, unconnected })
            {
                Posix.Close(fd);
            }
        }
    }

    [SkippableTheory, Kernels]
    public void Receive_from_a_listening_socket_is_refused(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        (int listener, _) = Posix.Listen();
        try
        {
            Results.Equal(-ENOTCONN, Outcome(queue, listener));
        }
        finally
        {
            Posix.Close(listener);
        }
    }

    [SkippableTheory, Kernels]
    public void Refused_request_leaves_the_queue_and_the_connection_usable(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        using var connection = new TcpPair();
        connection.Send(1000);
        queue.Ring.Receive(55, connection.Server, 1);
        Results.Equal(-EINVAL, queue.Ring.TakeUntilEnd(1).Single().Result);
        queue.Receive(connection, 2);
        Assert.Equal(1000, queue.AssertPattern(queue.Ring.TakeBytes(2, 1000)));
    }

    private static int Outcome(TestQueue queue, int fd)
    {
        queue.Ring.Receive(queue.Id, fd, 9);
        return Assert.Single(queue.Ring.TakeUntilEnd(9)).Result;
    }
}
