using FsCheck;
using FsCheck.Fluent;
using Zcrx.Cluster.Shards;

namespace Zcrx.Cluster.Tests.Shards;

/// <summary>Tests the window of a sender without a network: sending, sending again, and acknowledgements.</summary>
public class ShardWindowTests
{
    private const int Schedules = 2_000;
    private const int Senders = 2;

    private static readonly Gen<(int What, int Which, int Length)> Steps =
        from what in Gen.Choose(0, 11) from which in Gen.Choose(0, 1000) from length in Gen.Choose(0, WindowBench.Longest) select (what, which, length);

    [Fact]
    public void Every_frame_is_taken_once_whatever_is_lost_repeated_reordered_or_moved()
    {
        long repeated = 0;
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(Schedules).WithEndSize(120),
            Prop.ForAll(Steps.ListOf().ToArbitrary(), steps =>
            {
                WindowBench bench = new(Senders);
                foreach ((int what, int which, int length) in steps)
                {
                    Apply(bench, what, which, length);
                    bench.Check();
                }

                bench.Finish();
                repeated += bench.Repeated;
            }));
        Assert.True(repeated > Schedules, $"{repeated} chunks were sent again: the schedules lose too little");
    }

    [Fact]
    public void Chunk_is_sent_again_after_its_timeout_and_alone_until_something_is_acknowledged()
    {
        ShardFlow flow = new(MaxChunks: 3, MaxChunkBytes: 8, TimeSpan.FromSeconds(1));
        ShardWindow<int> window = new(Guid.NewGuid(), flow, static partition => new ShardBudget(1000).Claim(partition, static () => { }));
        for (int i = 0; i < 5; i++)
        {
            window.Add(0, new System.Buffers.ReadOnlySequence<byte>(new byte[8]), i);
        }

        window.Flush(TimeSpan.Zero);
        Assert.Equal([0L, 1, 2], window.Outgoing.Select(static chunk => chunk.FirstSequence));
        window.Outgoing.Clear();
        window.OnTime(TimeSpan.FromSeconds(0.9));
        Assert.Empty(window.Outgoing);
        window.OnTime(TimeSpan.FromSeconds(1));
        Assert.Equal([0L], window.Outgoing.Select(static chunk => chunk.FirstSequence));
        window.Outgoing.Clear();
        // After the first resend, the timeout is twice as long.
        window.OnTime(TimeSpan.FromSeconds(2.9));
        Assert.Empty(window.Outgoing);
        window.OnTime(TimeSpan.FromSeconds(3));
        Assert.Single(window.Outgoing);
        window.Outgoing.Clear();

        window.OnAcknowledged(new FrameAcknowledgement(window.Source, 0, 2), TimeSpan.FromSeconds(3));

        Assert.Equal([0, 1], window.Acknowledged);
        Assert.Equal([(2L, 2L), (3, 2), (4, 2)], window.Outgoing.Select(static chunk => (chunk.FirstSequence, chunk.OldestUnacknowledged)));
    }

    [Fact]
    public void Timeout_follows_the_time_that_acknowledgements_take_and_stays_long_until_a_chunk_was_sent_once()
    {
        ShardFlow flow = new(MaxChunks: 1, MaxChunkBytes: 8, TimeSpan.FromSeconds(1));
        ShardWindow<int> window = new(Guid.NewGuid(), flow, static partition => new ShardBudget(1000).Claim(partition, static () => { }));
        Add(0);
        // The chunk is sent again after 1 s, and acknowledged after 2 s. It is unknown which of the two was acknowledged, so the round trip
        // time is not measured.
        Assert.Equal(1, ChunksAt(1));
        Acknowledge(1, 2);
        Add(2);
        Assert.Equal(0, ChunksAt(3.9));
        Assert.Equal(1, ChunksAt(4));
        Acknowledge(2, 5);
        // This chunk is sent once and acknowledged after 3 s. The round trip time is measured, and the next timeout is 9 s.
        Add(5);
        Acknowledge(3, 8);
        Add(8);
        Assert.Equal(0, ChunksAt(16.9));
        Assert.Equal(1, ChunksAt(17));

        void Add(double time)
        {
            window.Add(0, new System.Buffers.ReadOnlySequence<byte>(new byte[8]), 0);
            window.Flush(TimeSpan.FromSeconds(time));
            Assert.Single(window.Outgoing);
            window.Outgoing.Clear();
        }

        int ChunksAt(double time)
        {
            window.OnTime(TimeSpan.FromSeconds(time));
            int count = window.Outgoing.Count;
            window.Outgoing.Clear();
            return count;
        }

        void Acknowledge(long next, double time) => window.OnAcknowledged(new FrameAcknowledgement(window.Source, 0, next), TimeSpan.FromSeconds(time));
    }

    [Fact]
    public void Frames_that_were_not_sent_cannot_be_acknowledged()
    {
        ShardFlow flow = new(MaxChunks: 1, MaxChunkBytes: 1000, TimeSpan.FromSeconds(1));
        ShardWindow<int> window = new(Guid.NewGuid(), flow, static partition => new ShardBudget(1000).Claim(partition, static () => { }));
        window.Add(0, new System.Buffers.ReadOnlySequence<byte>(new byte[8]), 7);

        window.OnAcknowledged(new FrameAcknowledgement(window.Source, 0, 100), TimeSpan.Zero);
        window.OnAcknowledged(new FrameAcknowledgement(Guid.NewGuid(), 0, 100), TimeSpan.Zero);
        window.OnAcknowledged(new FrameAcknowledgement(window.Source, 1, 100), TimeSpan.Zero);
        Assert.Single(window.Outgoing);
        Assert.Empty(window.Acknowledged);

        window.OnAcknowledged(new FrameAcknowledgement(window.Source, 0, 1), TimeSpan.Zero);
        Assert.Equal([7], window.Acknowledged);
        Assert.True(window.IsEmpty);
    }

    [Fact]
    public void Short_frames_fill_a_chunk_by_their_number_and_a_long_one_is_a_chunk_of_its_own()
    {
        ShardFlow flow = new(MaxChunks: 100, MaxChunkBytes: 20, TimeSpan.FromSeconds(1));
        ShardWindow<int> window = new(Guid.NewGuid(), flow, static partition => new ShardBudget(1000).Claim(partition, static () => { }));
        foreach (int length in new[] { 0, 0, 0, 0, 0, 0, 100, 1 })
        {
            window.Add(0, new System.Buffers.ReadOnlySequence<byte>(new byte[length]), 0);
        }

        window.Flush(TimeSpan.Zero);

        Assert.Equal([(5, 0), (1, 0), (1, 100), (1, 1)], window.Outgoing.Select(static chunk => (chunk.Count, chunk.Length)));
    }

    private static void Apply(WindowBench bench, int what, int which, int length)
    {
        int partition = which % WindowBench.Partitions;
        switch (what)
        {
            case < 3:
                bench.Send(which % Senders, which / Senders % WindowBench.Partitions, length);
                break;
            case 3:
                bench.Flush(which % Senders);
                break;
            case 4 or 5:
                bench.DeliverChunk(which, keep: length % 4 == 0);
                break;
            case 6 or 7:
                bench.DeliverAcknowledgement(which, keep: length % 4 == 0);
                break;
            case 8:
                bench.LoseChunk(which);
                break;
            case 9:
                bench.LoseAcknowledgement(which);
                break;
            case 10:
                bench.Wait();
                break;
            default:
                if (length % 2 == 0)
                {
                    bench.Rehome(partition);
                }
                else
                {
                    bench.Crash(partition);
                }

                break;
        }
    }
}
