using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Interop.Abi;

namespace Zcrx.Conformance.Queues;

/// <summary>Tests the library's side of the completion ring. The ring is plain memory, and the test takes the role of the kernel.</summary>
public sealed unsafe class CompletionQueueTests : IClassFixture<LeakCheck>, IDisposable
{
    private const uint Entries = 4;
    private const uint Head = 8;
    private const uint Tail = 16;
    private const uint Mask = 24;
    private const uint RingEntries = 32;
    private const uint Overflow = 40;
    private const uint Completions = 128;

    private readonly TestMemory _memory = new(TestMemory.Page);

    public CompletionQueueTests()
    {
        Word(Mask) = Entries - 1;
        Word(RingEntries) = Entries;
        for (uint i = 0; i < Entries; i++)
        {
            *(ulong*)(_memory.Address + (nint)(Completions + (i * CompletionQueue.EntrySize))) = 100 + i;
        }
    }

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void Completions_are_read_in_order_and_freed_by_Advance()
    {
        CompletionQueue queue = Create();
        Assert.Equal((Entries, 0u, 0u), (queue.Capacity, queue.Ready, queue.Dropped));
        Word(Tail) = 3;
        Assert.Equal(3u, queue.Ready);
        Assert.Equal([100ul, 101, 102], new[] { queue.Peek(0).UserData, queue.Peek(1).UserData, queue.Peek(2).UserData });
        Assert.Equal(0u, Word(Head));
        queue.Advance(2);
        Assert.Equal((2u, 1u, 102ul), (Word(Head), queue.Ready, queue.Peek(0).UserData));
        Word(Overflow) = 7;
        Assert.Equal(7u, queue.Dropped);
    }

    [Fact]
    public void Counters_and_positions_wrap_around()
    {
        Word(Head) = Word(Tail) = uint.MaxValue;
        CompletionQueue queue = Create();
        Word(Tail) = 2;
        Assert.Equal(3u, queue.Ready);
        Assert.Equal([103ul, 100, 101], new[] { queue.Peek(0).UserData, queue.Peek(1).UserData, queue.Peek(2).UserData });
        queue.Advance(3);
        Assert.Equal((2u, 0u), (Word(Head), queue.Ready));
    }

    [Theory]
    [InlineData(0, 0, 4, 4, 100)]
    [InlineData(0, 1, 3, 2, 101)]
    [InlineData(2, 0, 4, 2, 102)]
    [InlineData(2, 1, 4, 1, 103)]
    [InlineData(2, 2, 4, 2, 100)]
    [InlineData(3, 0, 1, 1, 103)]
    public void PeekRun_returns_the_completions_up_to_the_end_of_the_memory(uint head, uint index, uint ready, uint count, ulong first)
    {
        Word(Head) = head;
        Word(Tail) = head + ready;
        CompletionQueue queue = Create();
        Completion* run = queue.PeekRun(index, ready, out uint length);
        Assert.Equal((count, first), (length, run->UserData));
        Assert.Equal(first + count - 1, run[length - 1].UserData);
    }

    [Fact]
    public void Ended_queue_throws_and_leaves_the_memory_unchanged()
    {
        CompletionQueue queue = Create();
        Word(Tail) = 1;
        Assert.False(queue.IsEnded);
        queue.End();
        Assert.True(queue.IsEnded);
        Assert.Throws<ObjectDisposedException>(() => queue.Ready);
        Assert.Throws<ObjectDisposedException>(() => queue.Dropped);
        Assert.Throws<ObjectDisposedException>(() => queue.Peek(0).UserData);
        Assert.Throws<ObjectDisposedException>(() => queue.Advance(1));
        Assert.Equal(0u, Word(Head));
    }

    private CompletionQueue Create()
    {
        io_uring_params parameters = default;
        parameters.cq_off = new io_cqring_offsets { head = Head, tail = Tail, ring_mask = Mask, ring_entries = RingEntries, overflow = Overflow, cqes = Completions };
        return new CompletionQueue((byte*)_memory.Address, parameters);
    }

    private ref uint Word(uint offset) => ref *(uint*)(_memory.Address + (nint)offset);
}
