using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Interop.Abi;

namespace Zcrx.Conformance.Queues;

/// <summary>Tests the library's side of the refill ring. The ring is plain memory, and the test takes the role of the kernel.</summary>
public unsafe class RefillQueueTests : IClassFixture<LeakCheck>
{
    private const uint Entries = 8;

    /// <summary>
    /// Gets offsets of head, tail and entries: those of 7.2, those of 7.3, and invented ones. Constants in the library would fail with the
    /// invented ones.
    /// </summary>
    public static TheoryData<uint, uint, uint> Layouts => new() { { 0, 4, 64 }, { 0, 64, 128 }, { 256, 192, 1024 } };

    [Theory, MemberData(nameof(Layouts))]
    public void Entries_are_written_at_the_offsets_of_the_kernel(uint head, uint tail, uint entries)
    {
        using var memory = new TestMemory(TestMemory.Page);
        RefillQueue queue = Create(memory, head, tail, entries);
        memory.Span(entries, (int)Entries * 16).Fill(0xff);
        Assert.True(queue.TryAppend(0x1234_0000_5000));
        Assert.Equal(0u, Word(memory, tail));
        queue.Publish();
        Assert.Equal(1u, Word(memory, tail));
        Assert.Equal(0u, Word(memory, head));
        var entry = *(io_uring_zcrx_rqe*)(memory.Address + (nint)entries);
        Assert.Equal((0x1234_0000_5000ul, 0u), (entry.off, entry.__pad));
    }

    [Theory, MemberData(nameof(Layouts))]
    public void Full_refill_queue_accepts_no_entry_until_the_kernel_has_consumed(uint head, uint tail, uint entries)
    {
        using var memory = new TestMemory(TestMemory.Page);
        RefillQueue queue = Create(memory, head, tail, entries);
        for (uint i = 0; i < Entries; i++)
        {
            Assert.True(queue.TryAppend(i));
        }

        Assert.False(queue.TryAppend(99));
        Assert.Equal(Entries, queue.Depth);
        queue.Publish();
        Assert.False(queue.TryAppend(99));
        Word(memory, head) = 1;
        Assert.True(queue.TryAppend(8));
        Assert.False(queue.TryAppend(99));
        queue.Publish();
        Assert.Equal(9u, Word(memory, tail));
        // The kernel has consumed one entry, so only the first of the eight places was used again.
        Assert.Equal([8ul, 1, 2, 3, 4, 5, 6, 7], Offsets(memory, entries));
    }

    [Theory, MemberData(nameof(Layouts))]
    public void Counters_wrap_around(uint head, uint tail, uint entries)
    {
        using var memory = new TestMemory(TestMemory.Page);
        Word(memory, head) = Word(memory, tail) = uint.MaxValue - 2;
        RefillQueue queue = Create(memory, head, tail, entries);
        Assert.Equal(0u, queue.Depth);
        for (uint i = 0; i < Entries; i++)
        {
            Assert.True(queue.TryAppend(i));
        }

        Assert.False(queue.TryAppend(99));
        queue.Publish();
        Assert.Equal(5u, Word(memory, tail));
        Assert.Equal(Entries, queue.Depth);
        Assert.Equal([3ul, 4, 5, 6, 7, 0, 1, 2], Offsets(memory, entries));
    }

    [Fact]
    public void Publish_without_new_entries_does_not_write_the_tail()
    {
        using var memory = new TestMemory(TestMemory.Page);
        RefillQueue queue = Create(memory, 0, 4, 64);
        queue.TryAppend(1);
        queue.Publish();
        Word(memory, 4) = 77;
        queue.Publish();
        Assert.Equal(77u, Word(memory, 4));
    }

    [Fact]
    public void Queue_that_another_ring_refills_accepts_no_entry_and_counts_those_of_the_other_ring()
    {
        using var memory = new TestMemory(TestMemory.Page);
        RefillQueue importer = Create(memory, 0, 4, 64, isOurs: false);
        Assert.False(importer.IsOurs);
        Assert.False(importer.TryAppend(1));
        Word(memory, 4) = 5;
        Word(memory, 0) = 2;
        Assert.Equal(3u, importer.Depth);
        Assert.False(importer.TryAppend(1));
        importer.Publish();
        Assert.Equal(5u, Word(memory, 4));
    }

    [Fact]
    public void Ring_that_gets_the_refill_role_continues_at_the_tail_of_the_former_ring()
    {
        using var memory = new TestMemory(TestMemory.Page);
        RefillQueue first = Create(memory, 0, 4, 64);
        RefillQueue second = Create(memory, 0, 4, 64, isOurs: false);
        Assert.True(first.TryAppend(10));
        Assert.True(first.TryAppend(11));

        first.Cede();

        Assert.Equal(2u, Word(memory, 4));
        Assert.False(first.IsOurs);
        Assert.False(first.TryAppend(99));
        second.Begin();
        Assert.True(second.IsOurs);
        // The first ring has written two of the eight entries, so six more fill the queue.
        for (uint i = 0; i < Entries - 2; i++)
        {
            Assert.True(second.TryAppend(20 + i));
        }

        Assert.False(second.TryAppend(99));
        Assert.Equal(2u, Word(memory, 4));
        second.Publish();
        Assert.Equal([10ul, 11, 20, 21, 22, 23, 24, 25], Offsets(memory, 64));
        Assert.Equal((Entries, Entries), (Word(memory, 4), first.Depth));
    }

    [Fact]
    public void Depth_includes_entries_that_are_not_published()
    {
        using var memory = new TestMemory(TestMemory.Page);
        Word(memory, 0) = 3;
        Word(memory, 4) = 5;
        RefillQueue queue = Create(memory, 0, 4, 64);
        Assert.True(queue.TryAppend(1));
        Assert.Equal((Entries, 3u, 5u), (queue.Capacity, queue.Depth, Word(memory, 4)));
    }

    [Fact]
    public void Ended_queue_throws_although_it_had_room()
    {
        using var memory = new TestMemory(TestMemory.Page);
        RefillQueue queue = Create(memory, 0, 4, 64);
        Assert.True(queue.TryAppend(1));
        queue.End();
        Assert.Throws<ObjectDisposedException>(() => queue.TryAppend(2));
        Assert.Throws<ObjectDisposedException>(queue.Publish);
        Assert.Throws<ObjectDisposedException>(() => queue.Depth);
        Assert.Equal(0u, Word(memory, 4));
    }

    [SkippableTheory, Kernels]
    public void Kernel_consumes_the_entries_of_the_queue_over_many_rounds(string name)
    {
        using var bench = new LeaseBench(KernelUnderTest.OpenDeviceLess(name), buffers: 4, refillEntries: 4);
        bench.Receive(1);
        for (int lap = 0; lap < 30; lap++)
        {
            // Leases three of four buffers. The refill ring and the list of buffers then wrap around at different laps.
            List<BufferLease> kept = bench.Deliver(3, 1, buffer => buffer.Retain());
            kept.ForEach(lease => lease.Dispose());
            bench.TakeBack();
        }
    }

    private static RefillQueue Create(TestMemory memory, uint head, uint tail, uint entries, bool isOurs = true) =>
        new((byte*)memory.Address, new io_uring_zcrx_offsets { head = head, tail = tail, rqes = entries }, Entries, isOurs);

    private static ref uint Word(TestMemory memory, uint offset) => ref *(uint*)(memory.Address + (nint)offset);

    private static ulong[] Offsets(TestMemory memory, uint entries) =>
        [.. Enumerable.Range(0, (int)Entries).Select(i => ((io_uring_zcrx_rqe*)(memory.Address + (nint)entries))[i].off)];
}
