using Zcrx.Interop;
using Zcrx.Interop.Leases;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Framing;

/// <summary>Tests that connections with incomplete frames cannot exhaust the pool.</summary>
public sealed class FramingLivenessTests : IDisposable
{
    private readonly InMemoryArea _area = new(8, 64);

    public void Dispose() => _area.Dispose();

    [Fact]
    public void Rising_pressure_returns_the_buffers_of_incomplete_frames_without_more_data()
    {
        // A paused connection gets no further OnNext in which it could release buffers. The pool must reclaim them without one.
        List<(BufferSource Source, FrameCollector Collector)> connections = [];
        for (int i = 0; i < 7; i++)
        {
            BufferSource source = new(_area);
            FrameCollector collector = new();
            source.Frames(LengthPrefix.UInt8, 200).Subscribe(collector);
            connections.Add((source, collector));
            source.Send([3, 1]);
        }

        Assert.Equal(7, _area.Ledger.Leased);
        _area.Ledger.IsUnderPressure = true;
        _area.AssertAllReturned();

        // The frames were copied. They must continue from the copies, both during the pressure and after it.
        connections.ForEach(static connection => connection.Source.Send([2]));
        _area.AssertAllReturned();
        _area.Ledger.IsUnderPressure = false;
        connections.ForEach(static connection => connection.Source.Send([3, 0]));
        Assert.All(connections, static connection => Assert.Equal([[1, 2, 3], []], connection.Collector.Frames));
        _area.AssertAllReturned();
    }

    [Fact]
    public void Rising_pressure_returns_the_buffers_of_a_connection_that_left_its_queue_and_returned()
    {
        BufferSource source = new(_area);
        FrameCollector collector = new();
        source.Frames(LengthPrefix.UInt8, 200).Subscribe(collector);
        source.Send([3, 1]);
        _area.Ledger.Reclaimable.Dismiss(_area.Holder);
        _area.AssertAllReturned();

        source.Send([2]);
        Assert.Equal(1, _area.Ledger.Leased);
        _area.Ledger.IsUnderPressure = true;

        _area.AssertAllReturned();
        source.Send([3]);
        Assert.Equal([[1, 2, 3]], collector.Frames);
    }

    [Fact]
    public void Rising_pressure_returns_the_buffers_of_a_connection_that_returned_from_a_queue_that_kept_nothing()
    {
        using InMemoryArea other = new(8, 64);
        BufferSource source = new(_area);
        FrameCollector collector = new();
        source.Frames(LengthPrefix.UInt8, 200).Subscribe(collector);
        source.Send([3, 1]);
        _area.Ledger.Reclaimable.Dismiss(_area.Holder);
        _area.AssertAllReturned();

        source.Area = other;
        source.Send([2, 3]);
        other.Ledger.Reclaimable.Dismiss(other.Holder);
        // Every move gives the connection a new holder, even a move back to an earlier queue.
        _area.Holder = new BufferHolder();
        source.Area = _area;
        source.Send([2, 4]);
        Assert.Equal(1, _area.Ledger.Leased);
        _area.Ledger.IsUnderPressure = true;

        _area.AssertAllReturned();
        source.Send([5]);
        Assert.Equal([[1, 2, 3], [4, 5]], collector.Frames);
    }

    [Fact]
    public void A_frame_much_larger_than_the_pool_arrives()
    {
        byte[] frame = new byte[3_000_000];
        new Random(1).NextBytes(frame);
        BufferSource source = new(_area);
        FrameCollector collector = new();
        using IDisposable subscription = source.Frames(LengthPrefix.UInt32LittleEndian, frame.Length, new FramingOptions { MaxLeasedBuffers = 6 }).Subscribe(collector);

        source.Send(BitConverter.GetBytes(frame.Length));
        source.Send(frame);
        source.Send(BitConverter.GetBytes(1));
        source.Send([7]);

        Assert.Equal(frame, collector.Frames[0]);
        Assert.Equal([7], collector.Frames[1]);
        _area.AssertAllReturned();
    }

    [Fact]
    public void A_connection_that_moves_inside_a_frame_gives_each_queue_its_own_buffers()
    {
        using InMemoryArea other = new(8, 64);
        BufferSource source = new(_area);
        FrameCollector collector = new();
        using IDisposable subscription = source.Frames(LengthPrefix.UInt8, 200).Subscribe(collector);

        source.Send([5, 1]);
        source.Area = other;
        source.Send([2]);
        source.Area = _area;
        source.Send([3]);
        source.Area = other;
        source.Send([4]);
        Assert.Equal((2, 2), (_area.Ledger.Leased, other.Ledger.Leased));
        Assert.Equal((1, 1), (_area.Ledger.Reclaimable.Count, other.Ledger.Reclaimable.Count));
        source.Send([5]);

        Assert.Equal([1, 2, 3, 4, 5], Assert.Single(collector.Frames));
        _area.AssertAllReturned();
        other.AssertAllReturned();
    }

    [Fact]
    public void Streams_that_have_ended_are_removed_from_the_reclaim_list()
    {
        for (int i = 0; i < 1_000; i++)
        {
            BufferSource source = new(_area);
            using IDisposable subscription = source.Frames(LengthPrefix.UInt8, 200).Subscribe(new FrameCollector());
            source.Send([3, 1]);
        }

        Assert.InRange(_area.Ledger.Reclaimable.Count, 1, 32);
        _area.AssertAllReturned();
        _area.Ledger.IsUnderPressure = true;
        Assert.Equal(0, _area.Ledger.Reclaimable.Count);
    }

    [Fact]
    public void Pressure_that_rises_inside_OnNext_does_not_affect_the_frame()
    {
        BufferSource source = new(_area);
        FrameCollector collector = new();
        using IDisposable subscription = source.Frames(LengthPrefix.UInt8, 200).Subscribe(collector);
        collector.OnFrame = (_, frame) =>
        {
            _area.Ledger.IsUnderPressure = true;
            Assert.Equal(3, frame.Length);
            Assert.False(frame.IsSingleSegment);
        };

        source.Send([3, 1]);
        source.Send([2]);
        source.Send([3, 9]);

        Assert.Empty(source.Thrown);
        Assert.Equal([1, 2, 3], Assert.Single(collector.Frames));
        _area.AssertAllReturned();
    }
}
