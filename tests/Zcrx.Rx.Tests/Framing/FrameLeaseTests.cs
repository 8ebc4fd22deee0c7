using System.Buffers;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Framing;

/// <summary>Tests that a borrowed frame is checked at each use, and that one lease can keep all its buffers.</summary>
public sealed class FrameLeaseTests : IDisposable
{
    private readonly InMemoryArea _area = new(64, 16);
    private readonly BufferSource _source;

    public FrameLeaseTests() => _source = new BufferSource(_area);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(5, 1)]
    [InlineData(15, 1)]
    [InlineData(40, 3)]
    [InlineData(200, 13)]
    public void Lease_keeps_the_bytes_in_their_buffers_until_it_is_released(int length, int buffers)
    {
        byte[] payload = Payload(length);
        List<FrameLease> leases = [];
        using IDisposable subscription = _source.Frames(LengthPrefix.UInt8, 255, new FramingOptions { MaxLeasedBuffers = 20 }).Retained().Subscribe(leases.Add);
        _source.Send([(byte)length, .. payload]);
        // The next frame overwrites every buffer that is not leased.
        _source.Send([3, 9, 9, 9]);

        FrameLease lease = leases[0];
        Assert.Equal((length, 1, buffers == 0), (lease.Length, lease.StreamOffset, lease.IsCopy));
        Assert.Equal(payload, lease.ToArray());
        Assert.Equal(payload, lease.Sequence.ToArray());
        leases[1].Dispose();
        Assert.Equal(buffers, _area.Ledger.Leased);
        FrameLease moved = lease.Move();
        Assert.True(lease.IsReleased);
        Assert.Throws<ObjectDisposedException>(() => lease.Sequence);
        Assert.Throws<ObjectDisposedException>(lease.Move);
        lease.Dispose();
        Assert.Equal(payload, moved.ToArray());
        ReadOnlySequence<byte> kept = moved.Sequence;
        moved.Dispose();
        moved.Dispose();
        if (length > 0)
        {
            Assert.Throws<ObjectDisposedException>(() => kept.FirstSpan.Length);
        }

        _area.AssertAllReturned();
    }

    [Theory]
    [InlineData("more buffers than the limit")]
    [InlineData("pressure")]
    [InlineData("no buffer may be kept")]
    public void Lease_is_a_copy_beyond_the_limits(string limit)
    {
        byte[] payload = Payload(60);
        List<FrameLease> leases = [];
        _area.Ledger.IsUnderPressure = limit == "pressure";
        _area.Ledger.LeaseLimit = limit == "no buffer may be kept" ? 0 : int.MaxValue;
        using IDisposable subscription = _source.Frames(LengthPrefix.UInt8, 255, new FramingOptions { MaxLeasedBuffers = 3 }).Retained().Subscribe(leases.Add);
        _source.Send([60, .. payload]);

        FrameLease lease = Assert.Single(leases);
        Assert.True(lease.IsCopy);
        Assert.Equal(0, _area.Ledger.Leased);
        Assert.Equal(payload, lease.ToArray());
        lease.Dispose();
        Assert.Throws<ObjectDisposedException>(lease.ToArray);
        _area.AssertAllReturned();
    }

    [Fact]
    public void Frames_of_one_buffer_share_it()
    {
        List<FrameLease> leases = [];
        using IDisposable subscription = _source.Frames(Delimiter.LineFeed, 100).Retained().Subscribe(leases.Add);
        _source.Send("ab\ncd\nef\n"u8);

        Assert.Equal(1, _area.Ledger.Leased);
        Assert.Equal(["ab"u8.ToArray(), "cd"u8.ToArray(), "ef"u8.ToArray()], leases.ConvertAll(static lease => lease.ToArray()));
        Assert.Equal([0, 3, 6], leases.ConvertAll(static lease => lease.StreamOffset));
        leases.ForEach(static lease => lease.Dispose());
        _area.AssertAllReturned();
    }

    [Fact]
    public void Every_member_of_a_frame_throws_after_OnNext()
    {
        List<ReceivedFrame> kept = [];
        using IDisposable subscription = _source.Frames(LengthPrefix.UInt8, 100).Subscribe(kept.Add);
        _source.Send([2, 1, 2, 1, 3]);

        Assert.Equal(2, kept.Count);
        Assert.All(kept, static frame =>
        {
            Assert.False(frame.IsValid);
            Assert.All(Members(frame), static member => Assert.Contains("Retain()", Assert.Throws<ObjectDisposedException>(member).Message, StringComparison.Ordinal));
        });
        Assert.False(default(ReceivedFrame).IsValid);
        Assert.All(Members(default), static member => Assert.Throws<InvalidOperationException>(member));
    }

    [Fact]
    public void Every_member_of_a_frame_throws_on_another_thread()
    {
        List<Exception?> thrown = [];
        using IDisposable subscription = _source.Frames(LengthPrefix.UInt8, 100).Subscribe(frame =>
        {
            Thread thread = new(() => thrown.AddRange(Members(frame).Select(static member => Record.Exception(member))));
            thread.Start();
            thread.Join();
            Assert.Equal([7], frame.ToArray());
        });
        _source.Send([1, 7]);

        Assert.Equal(5, thrown.Count);
        Assert.All(thrown, static exception => Assert.IsType<InvalidOperationException>(exception));
        Assert.Empty(_source.Thrown);
    }

    public void Dispose() => _area.Dispose();

    private static byte[] Payload(int length) => [.. Enumerable.Range(1, length).Select(static i => (byte)(i * 7))];

    private static List<Action> Members(ReceivedFrame frame) =>
    [
        () => _ = frame.Sequence,
        () => _ = frame.Length,
        () => _ = frame.StreamOffset,
        () => frame.ToArray(),
        () => frame.Retain().Dispose(),
    ];
}
