using Zcrx.Conformance.Support;

namespace Zcrx.Conformance.Refill;

public unsafe class RefillFlushTests : IClassFixture<LeakCheck>
{
    private const uint Padding = 1;

    [SkippableTheory, Kernels]
    public void Flushing_an_empty_ring_does_nothing(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        Results.Equal(0, queue.Flush());
        Assert.Equal(0u, *queue.Head);
    }

    [SkippableTheory, Kernels]
    public void More_than_one_batch_is_consumed_at_once(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        for (int i = 0; i < 40; i++)
        {
            queue.Refill(0);
        }

        Results.Equal(0, queue.Flush());
        Assert.Equal(40u, *queue.Head);
    }

    [SkippableTheory, Kernels]
    public void A_full_ring_is_consumed_at_once(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name), entries: 256);
        for (int i = 0; i < 256; i++)
        {
            queue.Refill(0);
        }

        Results.Equal(0, queue.Flush());
        Assert.Equal(256u, *queue.Head);
    }

    [SkippableTheory, Kernels]
    public void Each_invalid_entry_ends_a_flush(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        queue.Refill(0);
        queue.Refill(0, Padding);
        queue.Refill(0, Padding);
        queue.Refill(0);
        queue.Refill(0);
        List<uint> heads = [];
        for (int i = 0; i < 4; i++)
        {
            Results.Equal(0, queue.Flush());
            heads.Add(*queue.Head);
        }

        Assert.Equal([2u, 3u, 5u, 5u], heads);
    }

    [SkippableTheory, Kernels]
    public void An_invalid_entry_in_the_second_batch_ends_the_flush_there(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        for (uint i = 0; i < 60; i++)
        {
            queue.Refill(0, i == 40 ? Padding : 0);
        }

        Results.Equal(0, queue.Flush());
        Assert.Equal(41u, *queue.Head);
        Results.Equal(0, queue.Flush());
        Assert.Equal(60u, *queue.Head);
    }

    [SkippableTheory, Kernels]
    public void Head_advances_through_many_rounds_of_the_ring(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name), entries: 4);
        for (uint lap = 1; lap <= 50; lap++)
        {
            queue.Refill(0);
            queue.Refill(0);
            queue.Refill(0);
            Results.Equal(0, queue.Flush());
            Assert.Equal(3 * lap, *queue.Head);
        }
    }

    [SkippableTheory, Kernels]
    public void A_ring_of_one_entry_works(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name), entries: 1);
        for (uint i = 1; i <= 5; i++)
        {
            queue.Refill(0);
            Results.Equal(0, queue.Flush());
            Assert.Equal(i, *queue.Head);
        }
    }

    [SkippableTheory, Kernels]
    public void The_flush_reads_only_what_was_published(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        queue.Refill(0);
        queue.Refill(0);
        queue.PublishTail(1);
        Results.Equal(0, queue.Flush());
        Assert.Equal(1u, *queue.Head);
        queue.PublishTail(2);
        Results.Equal(0, queue.Flush());
        Assert.Equal(2u, *queue.Head);
    }
}
