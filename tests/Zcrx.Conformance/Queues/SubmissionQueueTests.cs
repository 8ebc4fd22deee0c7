using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Interop.Abi;

namespace Zcrx.Conformance.Queues;

/// <summary>Tests the library's side of the submission ring. The ring is plain memory, and the test takes the role of the kernel.</summary>
public sealed unsafe class SubmissionQueueTests : IClassFixture<LeakCheck>, IDisposable
{
    private const uint Entries = 4;
    private const uint Head = 8;
    private const uint Tail = 16;
    private const uint Mask = 24;
    private const uint RingEntries = 32;
    private const uint Flags = 40;
    private const int Requests = 128;

    private readonly TestMemory _memory = new(TestMemory.Page);

    public SubmissionQueueTests()
    {
        Word(Mask) = Entries - 1;
        Word(RingEntries) = Entries;
        _memory.Span(Requests, (int)Entries * sizeof(io_uring_sqe)).Fill(0xff);
    }

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void Prepared_entries_are_empty_and_become_visible_by_Publish()
    {
        SubmissionQueue queue = Create();
        Assert.Equal((Entries, 0u), (queue.Capacity, queue.Pending));
        Prepare(queue, 1);
        Prepare(queue, 2);
        Assert.Equal((2u, 0u), (queue.Pending, Word(Tail)));
        Assert.Equal(2u, queue.Publish());
        Assert.Equal(2u, Word(Tail));
        Assert.Equal([1ul, 2, ulong.MaxValue, ulong.MaxValue], UserData());
        Word(Head) = 1;
        Assert.Equal((1u, 1u), (queue.Pending, queue.Publish()));
    }

    [Fact]
    public void Publish_without_new_entries_does_not_write_the_tail()
    {
        SubmissionQueue queue = Create();
        Prepare(queue, 1);
        queue.Publish();
        Word(Tail) = 77;
        Assert.Equal(1u, queue.Publish());
        Assert.Equal(77u, Word(Tail));
    }

    [Fact]
    public void Full_queue_prepares_no_entry_until_the_kernel_has_read_one()
    {
        // The counters start just below their maximum, so they wrap around during the test.
        Word(Head) = Word(Tail) = uint.MaxValue - 1;
        SubmissionQueue queue = Create();
        for (ulong i = 0; i < Entries; i++)
        {
            Prepare(queue, i);
        }

        Assert.True(queue.TryPrepare() is null);
        Assert.Equal(Entries, queue.Publish());
        Assert.Equal(2u, Word(Tail));
        Assert.True(queue.TryPrepare() is null);
        Word(Head)++;
        Prepare(queue, 9);
        Assert.True(queue.TryPrepare() is null);
        // The kernel has read one entry, so only the first of the four places was used again.
        Assert.Equal([2ul, 3, 9, 1], UserData());
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(LinuxIoUring.IORING_SQ_CQ_OVERFLOW, true)]
    [InlineData(~LinuxIoUring.IORING_SQ_CQ_OVERFLOW, false)]
    public void Overflow_of_completions_is_read_from_the_flags(uint flags, bool isOverflown)
    {
        SubmissionQueue queue = Create();
        Word(Flags) = flags;
        Assert.Equal(isOverflown, queue.IsCompletionOverflown);
    }

    [Fact]
    public void Ended_queue_throws_and_leaves_the_memory_unchanged()
    {
        SubmissionQueue queue = Create();
        Prepare(queue, 1);
        queue.End();
        Assert.Throws<ObjectDisposedException>(() => queue.Pending);
        Assert.Throws<ObjectDisposedException>(() => queue.IsCompletionOverflown);
        Assert.Throws<ObjectDisposedException>(() => (nint)queue.TryPrepare());
        Assert.Throws<ObjectDisposedException>(() => queue.Publish());
        Assert.Equal(0u, Word(Tail));
    }

    private static void Prepare(SubmissionQueue queue, ulong userData)
    {
        io_uring_sqe* entry = queue.TryPrepare();
        Assert.True(entry is not null);
        Assert.True(new ReadOnlySpan<byte>(entry, sizeof(io_uring_sqe)).IndexOfAnyExcept((byte)0) < 0);
        entry->user_data = userData;
    }

    private SubmissionQueue Create()
    {
        io_uring_params parameters = default;
        parameters.sq_off = new io_sqring_offsets { head = Head, tail = Tail, ring_mask = Mask, ring_entries = RingEntries, flags = Flags };
        return new SubmissionQueue((byte*)_memory.Address, (io_uring_sqe*)(_memory.Address + Requests), parameters);
    }

    private ulong[] UserData() => [.. Enumerable.Range(0, (int)Entries).Select(i => ((io_uring_sqe*)(_memory.Address + Requests))[i].user_data)];

    private ref uint Word(uint offset) => ref *(uint*)(_memory.Address + (nint)offset);
}
