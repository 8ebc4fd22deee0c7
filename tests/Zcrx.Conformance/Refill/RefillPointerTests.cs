using Zcrx.Conformance.Support;

namespace Zcrx.Conformance.Refill;

/// <summary>Tests invalid values of the head and the tail. User space can write both, so the kernel must tolerate any value.</summary>
public unsafe class RefillPointerTests : IClassFixture<LeakCheck>
{
    [SkippableTheory, Kernels]
    public void A_tail_too_far_ahead_counts_as_a_full_ring(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name), entries: 64);
        queue.PublishTail(500);
        Results.Equal(0, queue.Flush());
        // The entries that were never written are zero. The kernel takes each for a return of buffer 0 and ignores it, because that buffer
        // is not in flight.
        Assert.Equal(64u, *queue.Head);
        AssertAlive(queue);
    }

    [SkippableTheory, Kernels]
    public void A_tail_behind_the_head_counts_as_a_full_ring(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name), entries: 64);
        queue.Refill(0);
        queue.Refill(0);
        Results.Equal(0, queue.Flush());
        queue.PublishTail(0);
        Results.Equal(0, queue.Flush());
        Assert.Equal(66u, *queue.Head);
        AssertAlive(queue);
    }

    [SkippableTheory, Kernels]
    public void Tail_of_the_largest_value_leaves_the_queue_usable(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name), entries: 64);
        queue.PublishTail(uint.MaxValue);
        Results.Equal(0, queue.Flush());
        AssertAlive(queue);
    }

    [SkippableTheory, Kernels]
    public void Head_written_by_user_space_is_ignored_and_overwritten(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name), entries: 64);
        *queue.Head = 0xdead;
        queue.Refill(0);
        Results.Equal(0, queue.Flush());
        Assert.Equal(1u, *queue.Head);
        AssertAlive(queue);
    }

    [SkippableTheory, Kernels]
    public void Head_ahead_of_the_tail_leaves_the_queue_usable(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name), entries: 64);
        *queue.Head = 1;
        queue.PublishTail(0);
        Results.Equal(0, queue.Flush());
        AssertAlive(queue);
    }

    [SkippableTheory, Kernels]
    public void Entries_of_all_ones_leave_the_queue_usable(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name), entries: 64);
        queue.Setup.Region.Span(queue.Registration.offsets.rqes, 64 * 16).Fill(0xff);
        queue.PublishTail(64);
        for (int i = 0; i < 64; i++)
        {
            Results.Equal(0, queue.Flush());
        }

        Assert.Equal(64u, *queue.Head);
        AssertAlive(queue);
    }

    private static void AssertAlive(TestQueue queue)
    {
        using var connection = new TcpPair();
        queue.Receive(connection, 1);
        connection.Send(5000);
        Assert.Equal(5000, queue.AssertPattern(queue.Ring.TakeBytes(1, 5000)));
    }
}
