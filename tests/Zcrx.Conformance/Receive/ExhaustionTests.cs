using Zcrx.Conformance.Support;
using Zcrx.Interop;
using static Zcrx.Interop.Abi.Errno;

namespace Zcrx.Conformance.Receive;

/// <summary>Tests an exhausted pool and a full completion ring, on kernels that end the request in both cases.</summary>
public class ExhaustionTests : IClassFixture<LeakCheck>
{
    [SkippableTheory, Kernels]
    public void An_empty_pool_ends_the_request_and_nothing_is_lost(string name)
    {
        using TestQueue queue = Create(name, buffers: 4);
        using var connection = new TcpPair();
        int volume = 8 * (int)TestMemory.Page;
        queue.Receive(connection, 1);
        connection.Send(volume);
        IReadOnlyList<Cqe> completions = queue.Ring.TakeUntilEnd(1);
        Results.Equal(-ENOMEM, completions[^1].Result);
        long position = queue.AssertPattern(completions);
        Assert.InRange(position, 1, 4 * (long)TestMemory.Page);
        Assert.Equal(4, completions.Count(cqe => cqe.IsData));

        ulong request = 1;
        while (position < volume)
        {
            queue.Return(completions);
            queue.FlushAll();
            queue.Receive(connection, ++request);
            ulong current = request;
            queue.Ring.RunUntil(
                all => all.Any(cqe => cqe.UserData == current && !cqe.HasMore) || all.Where(cqe => cqe.IsData).Sum(cqe => cqe.Result) >= volume - position,
                "the next buffers are filled");
            completions = queue.Ring.TakeAll();
            position = queue.AssertPattern(completions, position);
        }

        Assert.Equal(volume, position);
    }

    [SkippableTheory, Kernels]
    public void A_request_on_an_empty_pool_ends_at_once_when_bytes_wait(string name)
    {
        using TestQueue queue = Create(name, buffers: 1);
        using var first = new TcpPair();
        using var second = new TcpPair();
        TakeTheOnlyBuffer(queue, first);
        second.Send(100);
        second.AwaitArrival(100);
        for (ulong request = 2; request < 5; request++)
        {
            queue.Receive(second, request);
            Results.Equal(-ENOMEM, Assert.Single(queue.Ring.TakeUntilEnd(request), cqe => cqe.UserData == request).Result);
        }

        Assert.Equal(100, Posix.BytesWaiting(second.Server));
    }

    [SkippableTheory, Kernels]
    public void Request_on_an_empty_pool_waits_if_no_bytes_wait(string name)
    {
        using TestQueue queue = Create(name, buffers: 1);
        using var first = new TcpPair();
        using var second = new TcpPair();
        IReadOnlyList<Cqe> held = TakeTheOnlyBuffer(queue, first);
        queue.Receive(second, 2);
        Assert.Empty(queue.Ring.Settle());
        queue.Return(held);
        queue.FlushAll();
        second.Send(100);
        Assert.Equal(100, queue.AssertPattern(queue.Ring.TakeBytes(2, 100)));
    }

    [SkippableTheory, Kernels]
    public void The_end_of_the_stream_needs_no_buffer(string name)
    {
        using TestQueue queue = Create(name, buffers: 1);
        using var first = new TcpPair();
        using var second = new TcpPair();
        TakeTheOnlyBuffer(queue, first);
        second.EndSending();
        queue.Receive(second, 2);
        Results.Equal(0, Assert.Single(queue.Ring.TakeUntilEnd(2)).Result);
        first.Reset();
        Results.Equal(-ECONNRESET, Assert.Single(queue.Ring.TakeUntilEnd(1)).Result);
    }

    [SkippableTheory, Kernels]
    public void A_full_completion_ring_ends_the_request_and_nothing_is_lost(string name)
    {
        using TestQueue queue = Create(name, buffers: 64, completionEntries: 8);
        // The stream needs more completions than the ring holds. The socket buffer must hold the whole stream, even where pages are large.
        int volume = 12 * (int)TestMemory.Page;
        using var connection = new TcpPair(receiveBuffer: 2 * volume);
        queue.Receive(connection, 1);
        connection.Send(volume);
        connection.AwaitArrival(volume);
        // Lets the kernel post completions without consuming any, until they overflow the ring.
        Deadline.Until(
            () =>
            {
                queue.Ring.Ring.SubmitAndWait(0);
                return queue.Ring.Ring.Submission.IsCompletionOverflown;
            },
            "the completion ring is full, and the ring reports it");
        Assert.Equal(8u, queue.Ring.Ring.Completion.Ready);
        IReadOnlyList<Cqe> completions = queue.Ring.TakeUntilEnd(1);
        Results.Equal(-ENOSPC, completions.Single(cqe => cqe.UserData == 1 && !cqe.HasMore).Result);
        Assert.Equal(8, completions.Count(cqe => cqe.IsData));
        Assert.False(queue.Ring.Ring.Submission.IsCompletionOverflown);
        Assert.Equal(0u, queue.Ring.Ring.Completion.Dropped);
        long position = queue.AssertPattern(completions);

        ulong request = 1;
        while (position < volume)
        {
            queue.Receive(connection, ++request);
            ulong current = request;
            queue.Ring.RunUntil(
                all => all.Any(cqe => cqe.UserData == current && !cqe.HasMore) || all.Where(cqe => cqe.IsData).Sum(cqe => cqe.Result) >= volume - position,
                "the rest arrives");
            position = queue.AssertPattern(queue.Ring.TakeAll(), position);
        }
    }

    [SkippableTheory, Kernels]
    public void Request_without_buffers_and_completions_ends_with_ENOMEM(string name)
    {
        using TestQueue queue = Create(name, buffers: 8, completionEntries: 8);
        int volume = 12 * (int)TestMemory.Page;
        using var connection = new TcpPair(receiveBuffer: 2 * volume);
        connection.Send(volume);
        connection.AwaitArrival(volume);
        queue.Receive(connection, 1);
        IReadOnlyList<Cqe> completions = queue.Ring.TakeUntilEnd(1);
        Assert.Equal(8, completions.Count(cqe => cqe.IsData));
        Results.Equal(-ENOMEM, completions.Single(cqe => !cqe.HasMore).Result);
    }

    [SkippableTheory, Kernels]
    public void Completions_that_did_not_fit_keep_their_order(string name)
    {
        using TestQueue queue = Create(name, buffers: 64, completionEntries: 8);
        for (ulong i = 1; i <= 30; i++)
        {
            queue.Ring.Nop(i);
            if (i % 5 == 0)
            {
                Assert.Equal(5, queue.Ring.Ring.Submit());
            }
        }

        Assert.Equal(Enumerable.Range(1, 30).Select(i => (ulong)i), queue.Ring.Take(30).Select(cqe => cqe.UserData));
    }

    [SkippableTheory, Kernels]
    public void Other_connections_receive_while_one_holds_many_buffers(string name)
    {
        using TestQueue queue = Create(name, buffers: 8);
        using var greedy = new TcpPair();
        using var modest = new TcpPair();
        queue.Receive(greedy, 1);
        greedy.Send(6 * (int)TestMemory.Page);
        queue.Ring.TakeBytes(1, 6 * (long)TestMemory.Page);
        queue.Receive(modest, 2);
        modest.Send(100);
        IReadOnlyList<Cqe> piece = queue.Ring.TakeBytes(2, 100);
        Assert.Equal(100, queue.AssertPattern(piece));
    }

    private static TestQueue Create(string name, int buffers, uint completionEntries = 256)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLessWithEnds(name);
        return new TestQueue(kernel, buffers, completionEntries: completionEntries, notifications: 0);
    }

    private static IReadOnlyList<Cqe> TakeTheOnlyBuffer(TestQueue queue, TcpPair connection)
    {
        connection.Send(10);
        queue.Receive(connection, 1);
        return queue.Ring.TakeBytes(1, 10);
    }
}
