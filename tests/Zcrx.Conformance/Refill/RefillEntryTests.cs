using Zcrx.Conformance.Support;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Conformance.Refill;

public unsafe class RefillEntryTests : IClassFixture<LeakCheck>
{
    private static readonly Dictionary<string, (Func<TestQueue, ulong> Offset, uint Padding)> Table = new()
    {
        ["padding"] = (_ => 0, 1),
        ["unknown area"] = (_ => 1ul << IORING_ZCRX_AREA_SHIFT, 0),
        ["last area id"] = (_ => ulong.MaxValue << IORING_ZCRX_AREA_SHIFT, 0),
        ["first byte behind the area"] = (queue => queue.Setup.Area.Length, 0),
        ["last offset there is"] = (_ => ~IORING_ZCRX_AREA_MASK, 0),
        ["all ones"] = (_ => ulong.MaxValue, 0),
    };

    public static IEnumerable<string> Invalid => Table.Keys;

    [SkippableTheory, KernelsTimes(nameof(Invalid))]
    public void Invalid_entry_is_consumed_ends_the_flush_and_returns_no_buffer(string name, string entry)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name), buffers: 4);
        using var connection = new TcpPair();
        List<Cqe> held = Exhaust(queue, connection);
        (Func<TestQueue, ulong> offset, uint padding) = Table[entry];
        queue.Refill(offset(queue), padding);
        queue.Refill(held[0].Offset);
        queue.Refill(held[1].Offset);

        Results.Equal(0, queue.Flush());
        Assert.Equal(1u, *queue.Head);
        AssertFree(queue, connection, 0);
        Results.Equal(0, queue.Flush());
        Assert.Equal(3u, *queue.Head);
        AssertFree(queue, connection, 2);
    }

    [SkippableTheory, Kernels]
    public void Offset_inside_a_buffer_returns_the_buffer(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name), buffers: 4);
        using var connection = new TcpPair();
        List<Cqe> held = Exhaust(queue, connection);
        queue.Refill(held[0].Offset + 1);
        queue.Refill(held[1].Offset + TestMemory.Page - 1);
        Results.Equal(0, queue.Flush());
        Assert.Equal(2u, *queue.Head);
        AssertFree(queue, connection, 2);
    }

    [SkippableTheory, Kernels]
    public void Entry_of_a_free_buffer_is_consumed_without_effect(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name), buffers: 4);
        using var connection = new TcpPair();
        for (int i = 0; i < 8; i++)
        {
            queue.Refill(0);
        }

        Results.Equal(0, queue.Flush());
        Assert.Equal(8u, *queue.Head);
        AssertFree(queue, connection, 4);
    }

    [SkippableTheory, Kernels]
    public void A_buffer_returned_twice_is_free_once(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name), buffers: 4);
        using var connection = new TcpPair();
        List<Cqe> held = Exhaust(queue, connection);
        queue.Refill(held[0].Offset);
        queue.Refill(held[0].Offset);
        queue.Refill(held[1].Offset);
        queue.Refill(held[0].Offset);
        Results.Equal(0, queue.Flush());
        Assert.Equal(4u, *queue.Head);
        AssertFree(queue, connection, 2);
    }

    [SkippableTheory, Kernels]
    public void A_flush_takes_equal_entries_one_by_one(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name), buffers: 4);
        using var connection = new TcpPair();
        List<Cqe> held = Exhaust(queue, connection);
        queue.Refill(held[0].Offset);
        queue.Refill(held[0].Offset + 1);
        queue.Refill(held[0].Offset);
        queue.Refill(held[1].Offset);
        Results.Equal(0, queue.Flush());
        Assert.Equal(4u, *queue.Head);
        // A kernel that folds the first three entries into one would treat them as a single return of three references. No buffer would
        // become free. See NicRefillTests.
        AssertFree(queue, connection, 2);
    }

    [SkippableTheory, Kernels]
    public void Length_of_an_entry_is_ignored(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name), buffers: 4);
        using var connection = new TcpPair();
        List<Cqe> held = Exhaust(queue, connection);
        queue.Refill(held[0].Offset, length: 0);
        queue.Refill(held[1].Offset, length: uint.MaxValue);
        Results.Equal(0, queue.Flush());
        AssertFree(queue, connection, 2);
    }

    /// <summary>
    /// Receives until every buffer is in flight, and the request has ended or is stranded. Leaves no bytes in the socket.
    /// </summary>
    private static List<Cqe> Exhaust(TestQueue queue, TcpPair connection)
    {
        // One small piece per buffer, so that no part of a packet is left when the last buffer is used.
        List<Cqe> held = [];
        queue.Receive(connection, 1);
        for (int i = 0; i < queue.Buffers; i++)
        {
            connection.Send(10);
            held.AddRange(queue.Ring.TakeBytes(1, 10).Where(cqe => cqe.UserData == 1));
        }

        queue.Ring.Cancel(1, 2);
        Assert.Equal(-Zcrx.Interop.Abi.Errno.ECANCELED, queue.Ring.TakeUntilEnd(1).Single(cqe => cqe.UserData == 1).Result);
        Assert.Equal(queue.Buffers, held.Select(cqe => cqe.Offset).Distinct().Count());
        return held;
    }

    /// <summary>Receives small pieces until no buffer is free, and asserts the number of pieces that were received.</summary>
    private static void AssertFree(TestQueue queue, TcpPair connection, int expected)
    {
        queue.Ring.TakeAll();
        int received = 0;
        while (true)
        {
            int waiting = Posix.BytesWaiting(connection.Server);
            connection.Send(10);
            connection.AwaitArrival(waiting + 10);
            queue.Receive(connection, 3, budget: 10);
            Cqe[] completions = [.. queue.Ring.TakeUntilEnd(3).Where(cqe => cqe.UserData == 3)];
            if (completions[^1].Result == -Zcrx.Interop.Abi.Errno.ENOMEM)
            {
                break;
            }

            Assert.Equal(0, completions[^1].Result);
            received += completions.Count(cqe => cqe.IsData);
            Assert.InRange(received, 0, queue.Buffers);
        }

        Assert.Equal(expected, received);
    }
}
