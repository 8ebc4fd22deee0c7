namespace Zcrx.Cluster.Tests.Shards;

/// <summary>Tests which frames an entity takes from the chunks that it receives.</summary>
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
    public void Acknowledge_with_a_later_chunk_pending_excludes_the_later_chunk()
    {
        FrameInbox inbox = new();
        inbox.Accept(Chunk(0, 2));
        inbox.Accept(Chunk(2, 3));

        Assert.Equal(2, inbox.Acknowledge(Chunk(0, 2)).NextSequence);
        Assert.Equal(5, inbox.Acknowledge(Chunk(2, 3)).NextSequence);
    }

    [Fact]
    public void Message_of_another_partition_is_refused_and_changes_nothing()
    {
        FrameInbox inbox = new();
        inbox.Accept(Chunk(0, 2));

        Assert.Contains("partition 3", Assert.Throws<InvalidOperationException>(() => inbox.Accept(Chunk(0, 2, partition: 4))).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => inbox.Acknowledge(Chunk(0, 2, partition: 4)));
        Assert.Throws<InvalidOperationException>(() => inbox.Forget(new FrameSourceEnded(Source, 4)));
        Assert.Equal(0, inbox.Duplicates);
        Assert.Equal([2L], Numbers(inbox, Chunk(2, 1)));
    }

    [Fact]
    public void New_inbox_begins_with_the_oldest_unacknowledged_frame()
    {
        FrameInbox inbox = new();

        Assert.Empty(inbox.Accept(Chunk(12, 2, oldest: 10)));
        Assert.Equal([10L, 11], Numbers(inbox, Chunk(10, 2, oldest: 10)));
    }

    [Fact]
    public void New_inbox_continues_at_the_stored_positions()
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
        Assert.Equal([Source, third], Sources(inbox));
    }

    [Fact]
    public void Late_duplicates_of_an_ended_source_are_discarded()
    {
        FrameInbox inbox = new();
        inbox.Accept(Chunk(0, 10));

        inbox.Forget(new FrameSourceEnded(Source, 3));

        Assert.Empty(inbox.Accept(Chunk(0, 10)));
        Assert.Equal(10, inbox.Duplicates);
        Assert.Equal(10, inbox.Acknowledge(Chunk(0, 10)).NextSequence);
    }

    [Fact]
    public void Ended_sources_are_removed_before_all_others_and_in_the_order_of_their_ends()
    {
        FrameInbox inbox = new(maxSources: 3);
        Guid[] others = [Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid()];
        inbox.Accept(Chunk(0, 1));
        inbox.Accept(Chunk(0, 1, source: others[0]));
        inbox.Accept(Chunk(0, 1, source: others[1]));
        inbox.Forget(new FrameSourceEnded(others[1], 3));
        inbox.Forget(new FrameSourceEnded(others[0], 3));
        // A chunk that arrives again late, and a second message about the end, must have no effect.
        inbox.Accept(Chunk(0, 1, source: others[1]));
        inbox.Forget(new FrameSourceEnded(others[1], 3));
        Assert.Equal([others[1], others[0], Source], Sources(inbox));

        inbox.Accept(Chunk(0, 1, source: others[2]));
        Assert.Equal([others[0], Source, others[2]], Sources(inbox));
        inbox.Accept(Chunk(0, 1, source: others[3]));
        Assert.Equal([Source, others[2], others[3]], Sources(inbox));
    }

    private static IEnumerable<Guid> Sources(FrameInbox inbox) => inbox.Positions.Select(static position => position.Key);

    private static IEnumerable<long> Numbers(FrameInbox inbox, FrameChunk chunk) => inbox.Accept(chunk).Select(static frame => frame.Sequence);

    private static FrameChunk Chunk(long first, int count, long oldest = 0, Guid? source = null, int partition = 3) =>
        new(source ?? Source, partition, first, oldest, [.. Enumerable.Range(1, count)], new byte[count]);
}
