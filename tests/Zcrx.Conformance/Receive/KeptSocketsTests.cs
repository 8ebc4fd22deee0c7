using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Conformance.Receive;

/// <summary>
/// Tests the emulated kernel with a caller that keeps each socket open while a request waits for it, as Zcrx.Rx does. Requests then use the
/// caller's descriptor.
/// </summary>
public sealed unsafe class KeptSocketsTests
{
    private const uint In = 1;
    private const uint Out = 4;

    [Fact]
    public void Socket_with_a_receive_and_a_poll_has_one_descriptor()
    {
        using TestQueue queue = new(Kernel());
        using TcpPair connection = new();

        queue.Receive(connection, 1);
        Poll(queue.Ring, connection.Server, In, 2);

        Assert.Equal(1, DescriptorsOf(connection.Server));
        connection.Send(10);
        IReadOnlyList<Cqe> completions = queue.Ring.Take(2);
        Assert.Equal(10, Assert.Single(completions, static cqe => cqe.UserData == 1).Result);
        Assert.Equal(In, (uint)Assert.Single(completions, static cqe => cqe.UserData == 2).Result & In);
    }

    [Fact]
    public void Two_polls_of_one_socket_are_both_reported()
    {
        using TestRing ring = new(Kernel().Kernel);
        using TcpPair connection = new();

        Poll(ring, connection.Server, In, 1);
        Poll(ring, connection.Server, In, 2);
        connection.Send(1);

        Assert.Equal([1UL, 2UL], ring.Take(2).Select(static cqe => cqe.UserData).Order());
        Assert.Equal(1, DescriptorsOf(connection.Server));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Poll_that_outlives_its_socket_does_not_end_the_poll_of_the_next_socket_with_that_number(bool completes)
    {
        using TestRing ring = new(Kernel().Kernel);
        using TcpPair first = new();
        using TcpPair second = new();
        Poll(ring, first.Server, In, 1);

        Posix.Replace(first.Server, second.Server);
        Poll(ring, first.Server, In, 2);
        if (completes)
        {
            // The descriptor number now refers to the second socket. Bytes for the first socket must not complete the poll of the second
            // one.
            _ = first.SendSome(1);
        }

        ring.Cancel(1, 9);
        Assert.Equal([9UL, 1UL], ring.Take(2).Select(static cqe => cqe.UserData));
        second.Send(1);

        Cqe reported = Assert.Single(ring.Take(1));
        Assert.Equal((2UL, In), (reported.UserData, (uint)reported.Result & In));
    }

    [Fact]
    public void Receive_that_outlives_its_socket_neither_reads_nor_ends_the_receive_of_the_next_socket_with_that_number()
    {
        using TestQueue queue = new(Kernel());
        using TcpPair first = new();
        using TcpPair second = new();
        queue.Receive(first, 1);

        Posix.Replace(first.Server, second.Server);
        queue.Receive(first, 2);
        queue.Ring.Cancel(1, 9);
        Assert.Equal([9UL, 1UL], queue.Ring.Take(2).Select(static cqe => cqe.UserData));
        second.Send(100);

        Assert.Equal(100, queue.Ring.TakeBytes(2, 100).Where(static cqe => cqe.UserData == 2).Sum(static cqe => cqe.Result));
    }

    [Fact]
    public void Numbers_of_sockets_that_are_closed_after_their_polls_were_cancelled_can_be_used_at_once()
    {
        using TestRing ring = new(Kernel().Kernel);
        using TcpPair next = new();
        using TcpPair number = new();
        for (ulong i = 1; i <= 100; i++)
        {
            Poll(ring, number.Server, i % 2 == 0 ? In : Out, i);
            ring.Cancel(i, 1000);
            Posix.Replace(number.Server, next.Server);
            _ = ring.Settle();
        }

        Poll(ring, number.Server, In, 500);
        next.Send(1);

        Assert.Equal(500UL, Assert.Single(ring.Take(1)).UserData);
    }

    private static KernelUnderTest Kernel() => KernelUnderTest.Of("emulated", new EmulatedKernel(new EmulatedKernelOptions(), callerKeepsSockets: true));

    private static void Poll(TestRing ring, int socket, uint events, ulong userData)
    {
        io_uring_sqe* entry = ring.Prepare();
        entry->opcode = IORING_OP_POLL_ADD;
        entry->fd = socket;
        entry->poll32_events = events;
        entry->user_data = userData;
        Assert.Equal(1, ring.Ring.Submit());
    }

    private static int DescriptorsOf(int socket)
    {
        string own = LinkOf($"/proc/self/fd/{socket}");
        return Directory.GetFileSystemEntries("/proc/self/fd").Count(path => LinkOf(path) == own);
    }

    private static string LinkOf(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget ?? "";
        }
        catch (IOException)
        {
            return "";
        }
    }
}
