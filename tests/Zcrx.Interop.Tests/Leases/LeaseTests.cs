using Zcrx.Interop.Leases;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Interop.Tests.Leases;

public sealed class LeaseTests : IDisposable
{
    private readonly InMemoryArea _area = new(4, 16);

    public void Dispose() => _area.Dispose();

    [Fact]
    public void Buffer_is_valid_until_its_borrow_ends()
    {
        ReceivedBuffer buffer = _area.Begin([1, 2, 3], 100, out ulong offset);
        ReceivedBuffer copy = buffer;

        Assert.True(buffer.IsValid);
        Assert.Equal([1, 2, 3], buffer.Span.ToArray());
        Assert.Equal([1, 2, 3], buffer.Memory.ToArray());
        Assert.Equal(3, buffer.Length);
        Assert.Equal(100, buffer.StreamOffset);
        _area.End(offset);

        Assert.All([buffer, copy], AssertEnded);
        _area.AssertAllReturned();
    }

    [Fact]
    public void Ended_borrow_stays_invalid_when_the_next_buffer_is_borrowed()
    {
        ReceivedBuffer first = _area.Begin([1], 0, out ulong offset);
        _area.End(offset);
        _area.Begin([2], 1, out offset);

        AssertEnded(first);
        _area.End(offset);
    }

    [Fact]
    public void Default_buffer_is_not_valid() => Assert.False(default(ReceivedBuffer).IsValid);

    [Fact]
    public void A_lease_keeps_the_buffer_until_it_is_released()
    {
        BufferLease lease = Retain([1, 2, 3], 7);

        Assert.Equal(1, _area.Ledger.Leased);
        Assert.Equal(1, _area.Holder.Leased);
        Assert.Equal(3, _area.Free);
        Assert.False(lease.IsReleased);
        Assert.Equal(3, lease.Length);
        Assert.Equal(7, lease.StreamOffset);
        Assert.Equal([1, 2, 3], lease.Span.ToArray());
        Assert.Equal([1, 2, 3], lease.Memory.ToArray());
        ReadOnlyMemory<byte> memory = lease.Memory;
        lease.Dispose();

        AssertReleased(lease);
        Assert.Throws<ObjectDisposedException>(() => memory.Span.Length);
        Assert.Throws<ObjectDisposedException>(() => memory.Pin());
        _area.AssertAllReturned();
    }

    [Fact]
    public void Only_the_first_disposal_releases()
    {
        BufferLease lease = Retain([1]);
        lease.Dispose();
        BufferLease next = Retain([2]);

        // Another lease has the slot now. If the second disposal released that lease, its buffer would return twice, and the area would
        // throw.
        lease.Dispose();

        Assert.Equal([2], next.Span.ToArray());
        Assert.Equal(1, _area.Ledger.Leased);
        next.Dispose();
        _area.AssertAllReturned();
    }

    [Fact]
    public void Move_transfers_the_buffer_to_a_new_lease()
    {
        BufferLease first = Retain([1, 2], 5);
        BufferLease second = first.Move();
        ReadOnlyMemory<byte> memory = second.Memory;
        first.Dispose();

        AssertReleased(first);
        Assert.Equal([1, 2], second.Span.ToArray());
        Assert.Equal([1, 2], memory.ToArray());
        Assert.Equal(5, second.StreamOffset);
        Assert.Equal(1, _area.Ledger.Leased);
        second.Dispose();
        _area.AssertAllReturned();
    }

    [Fact]
    public void Buffer_that_is_retained_twice_returns_with_its_last_lease()
    {
        ReceivedBuffer buffer = _area.Begin([1], 0, out ulong offset);
        BufferLease first = buffer.Retain();
        BufferLease second = buffer.Retain();
        _area.End(offset);
        BufferLease third = second.Retain();

        Assert.Equal(1, _area.Ledger.Leased);
        second.Dispose();
        first.Dispose();
        Assert.Equal(1, _area.Ledger.Leased);
        Assert.Equal([1], third.Span.ToArray());
        third.Dispose();
        _area.AssertAllReturned();
    }

    [Fact]
    public void Lease_released_during_OnNext_leaves_the_borrow_valid()
    {
        ReceivedBuffer buffer = _area.Begin([1], 0, out ulong offset);
        buffer.Retain().Dispose();

        Assert.Equal([1], buffer.Span.ToArray());
        Assert.Equal(3, _area.Free);
        _area.End(offset);
        _area.AssertAllReturned();
    }

    [Fact]
    public void Leased_buffer_can_be_borrowed_later()
    {
        ReceivedBuffer buffer = _area.Begin([1, 2], 30, out ulong offset);
        int slot = buffer.TryLeaseSlot();
        _area.End(offset);

        ReceivedBuffer again = _area.BeginLeased(slot);
        Assert.Equal([1, 2], again.Span.ToArray());
        Assert.Equal(30, again.StreamOffset);
        BufferLease lease = again.Retain();
        Assert.False(_area.Ledger.Borrow.End());

        AssertEnded(again);
        Assert.Equal([1, 2], lease.Span.ToArray());
        lease.Dispose();
        _area.AssertAllReturned();
    }

    [Fact]
    public void Retained_and_moved_leases_have_the_length_the_offset_and_the_address()
    {
        BufferLease first = Retain([1, 2, 3], 7);
        BufferLease second = first.Retain();
        BufferLease third = first.Move();
        Assert.All([second, third], static lease => Assert.Equal((3, 7L), (lease.Length, lease.StreamOffset)));
        Assert.NotEqual(0, second.Address);
        Assert.Equal(second.Address, third.Address);
        second.Dispose();
        Assert.Throws<ObjectDisposedException>(() => second.Address);
        third.Dispose();
    }

    [Fact]
    public void Buffer_is_invalid_when_the_memory_or_the_source_of_its_borrow_changes()
    {
        ReceivedBuffer buffer = _area.Begin([1], 0, out ulong offset);
        Assert.Same(_area.Holder, buffer.Source);
        _area.Ledger.Borrow.SetHolder(new BufferHolder());
        AssertEnded(buffer);
        Assert.Throws<ObjectDisposedException>(() => buffer.Source);
        Assert.Throws<ObjectDisposedException>(() => buffer.TryLeaseSlot());
        _area.End(offset);

        buffer = _area.Begin([2], 1, out offset);
        _area.Ledger.Borrow.SetMemory(new AreaMemory(0, 0));
        AssertEnded(buffer);
        _area.End(offset);
    }

    [Fact]
    public void Borrowed_buffer_is_leased_only_on_the_ring_thread()
    {
        using InMemoryArea area = new(4, 16, checkBorrows: false);
        ReceivedBuffer buffer = area.Begin([1], 0, out ulong offset);
        Assert.False(area.Ledger.Borrow.IsLeased);
        Exception?[] thrown = [];
        Thread other = new(() => thrown =
        [
            Record.Exception(() => (object)buffer.Retain()), Record.Exception(() => (object)buffer.Memory), Record.Exception(() => (object)buffer.TryLeaseSlot()),
        ]);
        other.Start();
        other.Join();
        Assert.All(thrown, static exception => Assert.IsType<InvalidOperationException>(exception));
        Assert.Equal(3, thrown.Length);
        Assert.False(area.Ledger.Borrow.IsLeased);
        BufferLease lease = buffer.Retain();
        Assert.True(area.Ledger.Borrow.IsLeased);
        area.End(offset);
        Assert.False(area.Ledger.Borrow.IsLeased);
        lease.Dispose();
        area.AssertAllReturned();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Memory_of_an_ended_borrow_throws_only_in_the_checking_mode(bool checkBorrows)
    {
        using InMemoryArea area = new(4, 16, checkBorrows: checkBorrows);
        ReadOnlyMemory<byte> memory = area.Begin([1, 2], 0, out ulong offset).Memory;
        area.End(offset);
        Exception? thrown = Record.Exception(() => memory.Span.Length);
        Assert.Equal(checkBorrows ? typeof(ObjectDisposedException) : null, thrown?.GetType());
    }

    [Fact]
    public void Ended_borrow_throws_although_it_could_not_be_leased()
    {
        _area.Ledger.LeaseLimit = 0;
        ReceivedBuffer buffer = _area.Begin([1], 0, out ulong offset);
        Assert.Equal(-1, buffer.TryLeaseSlot());
        _area.End(offset);
        Assert.Throws<ObjectDisposedException>(() => buffer.TryLeaseSlot());
    }

    [Fact]
    public void Memory_of_a_lease_allocates_only_once()
    {
        using BufferLease lease = Retain([1]);
        Assert.Equal(1, lease.Memory.Length);
        long before = GC.GetAllocatedBytesForCurrentThread();
        ReadOnlyMemory<byte> memory = lease.Memory;
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal((0L, 1), (allocated, memory.Length));
    }

    [Fact]
    public void Origins_are_not_recorded_by_default()
    {
        using BufferLease lease = Retain([1]);
        Assert.Empty(_area.Ledger.Origins());
    }

    [Fact]
    public void Origins_of_leases_are_recorded_on_request()
    {
        using InMemoryArea area = new(4, 16, recordOrigins: true);
        ReceivedBuffer buffer = area.Begin([1], 0, out ulong offset);
        BufferLease lease = buffer.Retain();
        area.End(offset);

        string origin = Assert.Single(area.Ledger.Origins());
        Assert.Contains(nameof(Origins_of_leases_are_recorded_on_request), origin, StringComparison.Ordinal);
        Assert.Contains($"{nameof(LeaseTests)}.cs:line", origin, StringComparison.Ordinal);
        Thread other = new(lease.Dispose);
        other.Start();
        other.Join();
        // The origin is forgotten before the ring thread has taken the buffer back.
        Assert.Empty(area.Ledger.Origins());
        area.AssertAllReturned();
    }

    private static void AssertEnded(ReceivedBuffer buffer)
    {
        Assert.False(buffer.IsValid);
        Assert.Throws<ObjectDisposedException>(() => buffer.Span.Length);
        Assert.Throws<ObjectDisposedException>(() => buffer.Memory);
        Assert.Throws<ObjectDisposedException>(() => buffer.Length);
        Assert.Throws<ObjectDisposedException>(() => buffer.StreamOffset);
        Assert.Throws<ObjectDisposedException>(() => buffer.Retain());
    }

    private static void AssertReleased(BufferLease lease)
    {
        Assert.True(lease.IsReleased);
        Assert.Throws<ObjectDisposedException>(() => lease.Span.Length);
        Assert.Throws<ObjectDisposedException>(() => lease.Memory);
        Assert.Throws<ObjectDisposedException>(() => lease.Retain());
        Assert.Throws<ObjectDisposedException>(() => lease.Move());
    }

    private BufferLease Retain(ReadOnlySpan<byte> bytes, long streamOffset = 0)
    {
        ReceivedBuffer buffer = _area.Begin(bytes, streamOffset, out ulong offset);
        BufferLease lease = buffer.Retain();
        _area.End(offset);
        return lease;
    }
}
