using Zcrx.Conformance.Support;
using Zcrx.Interop;
using static Zcrx.Interop.Abi.Errno;

namespace Zcrx.Conformance.Nic;

/// <summary>
/// Tests that payload stays in the memory of the queue that received it, even if its flow is steered to another queue. Only the first queue
/// can deliver the payload.
/// </summary>
public class NicOwnershipTests : IClassFixture<LeakCheck>
{
    private const int Piece = 5000;

    [SkippableTheory]
    [Kernels]
    public void Receive_ends_at_bytes_of_another_queue_and_that_queue_continues(string name)
    {
        using var one = new NicQueue(Open(name));
        using TestQueue other = OtherQueue(one.Nic);
        TcpPair connection = one.Connect();
        one.Queue.Receive(connection, 1);
        connection.Send(Piece);
        Assert.Equal(Piece, one.Queue.AssertPattern(one.Queue.Ring.TakeBytes(1, Piece)));

        one.Port.SteerTo(one.Nic.OtherQueue);
        connection.Send(Piece);
        AssertEndsAt(Piece, one.Queue, request: 1, Piece);
        // A second request fails the same way, immediately.
        one.Queue.Receive(connection, 2);
        AssertEndsAt(Piece, one.Queue, request: 2, Piece);

        other.Receive(connection, 3);
        Assert.Equal(2 * Piece, other.AssertPattern(other.Ring.TakeBytes(3, Piece), Piece));

        one.Port.SteerBack();
        connection.Send(Piece);
        AssertEndsAt(2 * Piece, other, request: 3, 2 * Piece);
        one.Queue.Receive(connection, 4);
        Assert.Equal(3 * Piece, one.Queue.AssertPattern(one.Queue.Ring.TakeBytes(4, Piece), 2 * Piece));
        Assert.Equal(0ul, one.Queue.CopyCount + other.CopyCount);
    }

    [SkippableTheory]
    [Kernels]
    public void Bytes_in_several_memories_are_delivered_by_their_queues_in_stream_order(string name)
    {
        using var one = new NicQueue(Open(name));
        using TestQueue other = OtherQueue(one.Nic);
        TcpPair connection = one.Connect();
        // All bytes arrive before the first request and wait in one socket. The fourth piece arrives on an RX queue that receives into
        // kernel memory.
        foreach (uint queue in new[] { one.Nic.Queue, one.Nic.OtherQueue, one.Nic.Queue, one.Port.Elsewhere, one.Nic.OtherQueue, one.Nic.Queue })
        {
            one.Port.SteerTo(queue);
            connection.Send(Piece);
            connection.AwaitArrival((int)connection.Sent);
        }

        other.Receive(connection, 1);
        AssertEndsAt(0, other, request: 1, 0);
        one.Queue.Receive(connection, 2);
        AssertEndsAt(Piece, one.Queue, request: 2, 0);
        other.Receive(connection, 3);
        AssertEndsAt(2 * Piece, other, request: 3, Piece);
        // This queue delivers the third piece from its own memory, and copies the fourth piece out of kernel memory.
        one.Queue.Receive(connection, 4);
        AssertEndsAt(4 * Piece, one.Queue, request: 4, 2 * Piece);
        other.Receive(connection, 5);
        AssertEndsAt(5 * Piece, other, request: 5, 4 * Piece);
        one.Queue.Receive(connection, 6);
        Assert.Equal(6 * Piece, one.Queue.AssertPattern(one.Queue.Ring.TakeBytes(6, Piece), 5 * Piece));
        Assert.Equal(0, Posix.BytesWaiting(connection.Server));
        if (one.Nic.Kernel.Capabilities.Notifications)
        {
            Assert.InRange(one.Queue.CopyBytes, 1ul, (ulong)Piece);
            Assert.Equal(0ul, other.CopyBytes);
        }
    }

    [SkippableTheory]
    [Kernels]
    public void End_of_stream_follows_the_bytes_that_another_queue_received(string name)
    {
        using var one = new NicQueue(Open(name));
        using TestQueue other = OtherQueue(one.Nic);
        TcpPair connection = one.Connect();
        one.Port.SteerTo(one.Nic.OtherQueue);
        connection.Send(Piece);
        connection.EndSending();
        connection.AwaitArrival(Piece);
        one.Queue.Receive(connection, 1);
        AssertEndsAt(0, one.Queue, request: 1, 0);
        other.Receive(connection, 2);
        IReadOnlyList<Cqe> all = other.Ring.TakeUntilEnd(2);
        Assert.Equal(Piece, other.AssertPattern(all));
        Results.Equal(0, all[^1].Result);
    }

    [SkippableTheory]
    [Kernels]
    public void Bytes_before_a_reset_stay_in_the_memory_where_they_arrived(string name)
    {
        using var one = new NicQueue(Open(name));
        TcpPair connection = one.Connect();
        one.Queue.Receive(connection, 1, budget: 2 * Piece);
        one.Port.SteerAway();
        connection.Send(Piece);
        connection.AwaitArrival(Piece);
        connection.Reset();
        IReadOnlyList<Cqe> completions = one.Queue.Ring.TakeUntilEnd(1);
        Assert.Equal(Piece, one.Queue.AssertPattern(completions));
        Results.Equal(-ECONNRESET, completions[^1].Result);
        Assert.InRange(one.Queue.CopyCount, 1ul, ulong.MaxValue);
    }

    [SkippableTheory]
    [Kernels]
    public void Bytes_in_the_memory_of_a_queue_are_lost_when_the_queue_is_closed(string name)
    {
        NicUnderTest nic = Open(name);
        using TestQueue other = OtherQueue(nic);
        using var port = new NicPort(nic);
        TcpPair connection;
        using (var closed = new TestQueue(nic.Kernel, 256, 256, completionEntries: 1024, nic: nic))
        {
            connection = port.Connect();
            closed.Receive(connection, 1);
            connection.Send(Piece);
            Assert.Equal(Piece, closed.AssertPattern(closed.Ring.TakeBytes(1, Piece)));
            closed.Ring.Cancel(1, 2);
            closed.Ring.TakeUntilEnd(1);
            connection.Send(Piece);
            connection.AwaitArrival(Piece);
        }

        // The new queue takes over the RX queue but has other memory. It cannot deliver the bytes of the old queue.
        using var successor = new TestQueue(nic.Kernel, 256, 256, completionEntries: 1024, nic: nic);
        connection.Send(Piece);
        connection.AwaitArrival(2 * Piece);
        foreach (TestQueue queue in new[] { successor, other, successor })
        {
            queue.Receive(connection, 3);
            AssertEndsAt(Piece, queue, request: 3, Piece);
        }

        // The failures above must not affect a new connection.
        TcpPair next = port.Connect();
        successor.Receive(next, 4);
        next.Send(Piece);
        Assert.Equal(Piece, successor.AssertPattern(successor.Ring.TakeBytes(4, Piece)));
    }

    [SkippableTheory]
    [Kernels]
    public void Imported_queue_delivers_bytes_that_arrived_before_and_during_the_takeover(string name)
    {
        NicUnderTest nic = NicUnderTest.Open(name, ZcrxFeature.Export, ZcrxFeature.Import);
        using var port = new NicPort(nic);
        using var queue = new TestQueue(nic.Kernel, 256, 256, completionEntries: 1024, nic: nic);
        TcpPair connection = port.Connect();
        queue.Receive(connection, 1);
        connection.Send(Piece);
        Assert.Equal(Piece, queue.AssertPattern(queue.Ring.TakeBytes(1, Piece)));
        int exported = queue.Export();
        using var ring = new TestRing(nic.Kernel.Kernel, completionEntries: 1024);
        try
        {
            queue.Ring.Cancel(1, 2);
            queue.Ring.TakeUntilEnd(1);
            connection.Send(Piece);
            connection.AwaitArrival(Piece);
            queue.CloseRing();
            connection.Send(Piece);
            connection.AwaitArrival(2 * Piece);
            Results.Equal(0, TestQueue.Import(ring, exported, out uint id));
            ring.Receive(id, connection.Server, 3);
            Assert.Equal(3 * Piece, queue.AssertPattern(ring.TakeBytes(3, 2 * Piece), Piece));
            Assert.Equal(0ul, queue.CopyCount);
        }
        finally
        {
            nic.Kernel.Kernel.Close(exported);
        }
    }

    // Skips kernels before 7.2. On them, a request that has already delivered data does not always report its failure.
    private static NicUnderTest Open(string name) => NicUnderTest.Open(name, ZcrxFeature.Notifications);

    private static TestQueue OtherQueue(NicUnderTest nic) => new(nic.Kernel, 256, 256, completionEntries: 1024, nic: nic, rxQueue: nic.OtherQueue);

    /// <summary>
    /// Asserts that a request delivers its stream between two positions, and then reports that the next byte belongs to another queue.
    /// </summary>
    private static void AssertEndsAt(long end, TestQueue queue, ulong request, long position)
    {
        IReadOnlyList<Cqe> all = queue.Ring.TakeUntilEnd(request);
        Assert.Equal(end, queue.AssertPattern(all, position));
        Results.Equal(-EFAULT, Assert.Single(all, cqe => cqe.UserData == request && !cqe.HasMore).Result);
    }
}
