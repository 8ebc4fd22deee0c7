namespace Zcrx.Cluster.Tests.Shards;

/// <summary>Tests which frames an entity takes.</summary>
public class FrameInboxTests
{
    private static readonly Guid Source = Guid.NewGuid();

    [Fact]
    public void Repeated_frames_are_discarded_and_acknowledged_again()
    {
        FrameInbox inbox = new();

        Assert.Equal([0L, 1], Numbers(inbox, Chunk(0, 2)));
        Assert.Empty(inbox.Accept(Chunk(0, 2)));
        Assert.Equal(2, inbox.Duplicates);
        Assert.Equal(2, inbox.Acknowledge(Chunk(0, 2)).NextSequence);
    }

    [Fact]
    public void Chunk_behind_a_missing_one_is_discarded_and_not_acknowledged()
    {
        FrameInbox inbox = new();
        inbox.Accept(Chunk(0, 2));

        Assert.Empty(inbox.Accept(Chunk(4, 2)));
        Assert.Equal(2, inbox.Acknowledge(Chunk(4, 2)).NextSequence);
        Assert.Equal(0, inbox.Duplicates);
        Assert.Equal([2L, 3], Numbers(inbox, Chunk(2, 2)));
        Assert.Equal([4L, 5], Numbers(inbox, Chunk(4, 2)));
    }

    [Fact]
    public void New_life_begins_with_the_oldest_frame_that_is_not_acknowledged()
    {
        FrameInbox inbox = new();

        Assert.Empty(inbox.Accept(Chunk(12, 2, oldest: 10)));
        Assert.Equal([10L, 11], Numbers(inbox, Chunk(10, 2, oldest: 10)));
    }

    [Fact]
    public void Stored_positions_continue_in_the_next_life()
    {
        FrameInbox old = new();
        old.Accept(Chunk(0, 5));

        FrameInbox inbox = new([.. old.Positions]);

        Assert.Equal([5L], Numbers(inbox, Chunk(3, 3)));
        Assert.Equal(2, inbox.Duplicates);
    }

    [Fact]
    public void Source_that_is_silent_for_longest_is_forgotten_first()
    {
        FrameInbox inbox = new(maxSources: 2);
        Guid second = Guid.NewGuid();
        Guid third = Guid.NewGuid();
        inbox.Accept(Chunk(0, 1));
        inbox.Accept(Chunk(0, 1, source: second));
        inbox.Accept(Chunk(1, 1));
        inbox.Accept(Chunk(0, 1, source: third));
        Assert.Equal([Source, third], inbox.Positions.Select(static position => position.Key));

        inbox.Forget(new FrameSourceEnded(Source, 3));
        Assert.Equal([third], inbox.Positions.Select(static position => position.Key));
    }

    private static IEnumerable<long> Numbers(FrameInbox inbox, FrameChunk chunk) => inbox.Accept(chunk).Select(static frame => frame.Sequence);

    private static FrameChunk Chunk(long first, int count, long oldest = 0, Guid? source = null) =>
        new(source ?? Source, 3, first, oldest, [.. Enumerable.Range(1, count)], new byte[count]);
}
