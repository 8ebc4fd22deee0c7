using Zcrx.Conformance.Support;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Conformance.Receive;

public class ReceiveTests : IClassFixture<LeakCheck>
{
    [SkippableTheory, Kernels]
    public void Receive_delivers_the_bytes_of_the_stream_and_ends_with_zero(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        using var connection = new TcpPair();
        queue.Receive(connection, 1);
        connection.Send(100_000);
        IReadOnlyList<Cqe> data = queue.Ring.TakeBytes(1, 100_000);
        Assert.Equal(100_000, queue.AssertPattern(data));
        queue.Return(data);
        queue.FlushAll();
        connection.EndSending();
        Cqe end = Assert.Single(queue.Ring.TakeUntilEnd(1), cqe => cqe.UserData == 1);
        Assert.Equal(0, end.Result);
    }

    [SkippableTheory, Kernels]
    public void Bytes_that_arrived_before_the_request_are_delivered(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        using var connection = new TcpPair();
        connection.Send(10_000);
        connection.AwaitArrival(10_000);
        queue.Receive(connection, 1);
        connection.Send(10_000);
        Assert.Equal(20_000, queue.AssertPattern(queue.Ring.TakeBytes(1, 20_000)));
    }

    [SkippableTheory, Kernels]
    public void Data_completions_have_the_more_flag_and_at_most_a_page_of_bytes(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        using var connection = new TcpPair();
        queue.Receive(connection, 0x1234_5678_9abc_def0);
        connection.Send(10_000);
        foreach (Cqe cqe in queue.Ring.TakeBytes(0x1234_5678_9abc_def0, 10_000).Where(cqe => cqe.UserData != QueueSetup.NotificationUserData))
        {
            Assert.Equal(IORING_CQE_F_MORE, cqe.Flags);
            Assert.InRange(cqe.Result, 1, (int)TestMemory.Page);
        }
    }

    [SkippableTheory, Kernels]
    public void End_of_the_stream_follows_its_bytes(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        using var connection = new TcpPair();
        connection.Send(50_000);
        connection.EndSending();
        connection.AwaitArrival(50_000);
        queue.Receive(connection, 1);
        IReadOnlyList<Cqe> completions = queue.Ring.TakeUntilEnd(1);
        Assert.Equal(50_000, queue.AssertPattern(completions));
        Assert.Equal(0, completions.Last(cqe => cqe.UserData == 1).Result);
    }

    [SkippableTheory, Kernels]
    public void Receive_after_the_end_of_the_stream_ends_with_zero_each_time(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        using var connection = new TcpPair();
        connection.EndSending();
        for (ulong request = 1; request <= 3; request++)
        {
            queue.Receive(connection, request);
            Assert.Equal(0, Assert.Single(queue.Ring.TakeUntilEnd(request)).Result);
        }
    }

    [SkippableTheory, Kernels]
    public void Reset_ends_the_request_with_ECONNRESET_and_the_next_one_with_zero(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        using var connection = new TcpPair();
        queue.Receive(connection, 1);
        connection.Reset();
        Results.Equal(-ECONNRESET, Assert.Single(queue.Ring.TakeUntilEnd(1)).Result);
        queue.Receive(connection, 2);
        Results.Equal(0, Assert.Single(queue.Ring.TakeUntilEnd(2)).Result);
    }

    [SkippableTheory, Kernels]
    public void Receive_after_a_reset_ends_with_ECONNRESET(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        using var connection = new TcpPair();
        connection.Reset();
        queue.Receive(connection, 1);
        Results.Equal(-ECONNRESET, Assert.Single(queue.Ring.TakeUntilEnd(1)).Result);
    }

    [SkippableTheory, Kernels]
    public void Shutdown_of_the_receiving_side_ends_the_stream(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        using var connection = new TcpPair();
        queue.Receive(connection, 1);
        Posix.Shutdown(connection.Server, Posix.SHUT_RD);
        Results.Equal(0, Assert.Single(queue.Ring.TakeUntilEnd(1)).Result);
    }

    [SkippableTheory, Kernels]
    public void Closing_the_descriptor_does_not_end_the_request(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        using var connection = new TcpPair();
        queue.Receive(connection, 1);
        Assert.Empty(queue.Ring.Settle());
        connection.CloseServer();
        connection.Send(5000);
        Assert.Equal(5000, queue.AssertPattern(queue.Ring.TakeBytes(1, 5000)));
        connection.EndSending();
        Results.Equal(0, Assert.Single(queue.Ring.TakeUntilEnd(1), cqe => cqe.UserData == 1).Result);
    }

    [SkippableTheory, Kernels]
    public void Every_byte_of_a_long_stream_arrives_once_and_in_order(string name)
    {
        const int Total = 8 * 1024 * 1024;
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name), buffers: 256, entries: 64, completionEntries: 1024);
        using var connection = new TcpPair();
        Assert.Equal(Total, Transfer.Run(queue, [connection], Total));
    }

    [SkippableTheory, Kernels]
    public void Many_connections_share_a_queue(string name)
    {
        const int Connections = 50;
        const int Each = 60_000;
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name), buffers: 512, entries: 512, completionEntries: 2048);
        TcpPair[] connections = [.. Enumerable.Range(0, Connections).Select(_ => new TcpPair())];
        try
        {
            Assert.Equal((long)Connections * Each, Transfer.Run(queue, connections, Each));
        }
        finally
        {
            Array.ForEach(connections, connection => connection.Dispose());
        }
    }
}
