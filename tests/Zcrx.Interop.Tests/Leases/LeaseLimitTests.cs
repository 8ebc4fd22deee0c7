using Zcrx.Rx.Tests.Support;

namespace Zcrx.Interop.Tests.Leases;

/// <summary>
/// Tests that a lease beyond the limit is a copy. Its buffer returns at the end of OnNext, even if the lease lasts longer.
/// </summary>
public sealed class LeaseLimitTests
{
    [Fact]
    public void Lease_beyond_the_limit_copies_the_bytes_and_returns_the_buffer()
    {
        using InMemoryArea area = new(4, 16) { Ledger = { LeaseLimit = 2 } };
        BufferLease[] leases = [Retain(area, 1), Retain(area, 2), Retain(area, 3), Retain(area, 4)];

        Assert.Equal((2, 2L, 4, 2), (area.Ledger.Leased, area.Ledger.Copies, area.Holder.Leased, area.Free));
        Assert.Equal([1L, 2, 3, 4], leases.Select(static lease => BitConverter.ToInt64(lease.Span)));
        Assert.Equal([1L, 2, 3, 4], leases.Select(static lease => BitConverter.ToInt64(lease.Memory.Span)));

        leases[0].Dispose();
        BufferLease next = Retain(area, 5);
        Assert.Equal((2, 2L), (area.Ledger.Leased, area.Ledger.Copies));
        Array.ForEach([.. leases, next], static lease => lease.Dispose());
        area.AssertAllReturned();
    }

    [Fact]
    public void Copy_is_shared_by_all_leases_of_one_borrow()
    {
        using InMemoryArea area = new(4, 16) { Ledger = { LeaseLimit = 0 } };
        ReceivedBuffer buffer = area.Begin(BitConverter.GetBytes(7L), 0, out ulong offset);
        BufferLease first = buffer.Retain();
        first.Dispose();
        BufferLease second = buffer.Retain();
        Assert.Equal(7, BitConverter.ToInt64(buffer.Span));
        area.End(offset);

        Assert.Equal((0, 1L, 4), (area.Ledger.Leased, area.Ledger.Copies, area.Free));
        BufferLease moved = second.Move();
        Assert.Equal(7, BitConverter.ToInt64(moved.Span));
        moved.Dispose();
        area.AssertAllReturned();
    }

    [Fact]
    public void TryLeaseSlot_of_a_copied_buffer_returns_minus_one()
    {
        using InMemoryArea area = new(4, 16) { Ledger = { LeaseLimit = 1 } };
        BufferLease other = Retain(area, 1);
        ReceivedBuffer buffer = area.Begin(BitConverter.GetBytes(2L), 0, out ulong offset);
        Assert.Equal(-1, buffer.TryLeaseSlot());
        using BufferLease copy = buffer.Retain();
        // The limit now permits another lease. This buffer was copied before, so it cannot get a slot.
        other.Dispose();
        Assert.Equal(-1, buffer.TryLeaseSlot());
        area.End(offset);

        buffer = area.Begin(BitConverter.GetBytes(3L), 0, out offset);
        int slot = buffer.TryLeaseSlot();
        Assert.False(area.Ledger.IsCopy(slot));
        area.End(offset);
        area.Ledger.Release(slot);
        copy.Dispose();
        area.AssertAllReturned();
    }

    [Fact]
    public void Copies_that_other_threads_release_are_drained_like_buffers()
    {
        using InMemoryArea area = new(4, 16) { Ledger = { LeaseLimit = 1 } };
        BufferLease[] leases = [Retain(area, 1), Retain(area, 2), Retain(area, 3)];

        OnAnotherThread(() => Array.ForEach(leases, static lease => lease.Dispose()));

        Assert.Equal((0, 0), (area.Ledger.Leased, area.Holder.Leased));
        Assert.Equal(2, area.Ledger.LiveCopies);
        Assert.True(area.Ledger.Drain());
        Assert.Equal(0, area.Ledger.LiveCopies);
        area.AssertAllReturned();
    }

    [Fact]
    public void Copies_outlive_the_queue_and_do_not_hold_its_memory()
    {
        using InMemoryArea area = new(4, 16) { Ledger = { LeaseLimit = 1 } };
        BufferLease[] leases = [Retain(area, 1), Retain(area, 2), Retain(area, 3)];
        // Another thread has released this lease, and the ring thread has not noticed that before the close.
        OnAnotherThread(leases[1].Dispose);

        Assert.Equal(1, area.Ledger.Close());
        Assert.Equal(1, area.Ledger.LiveCopies);
        leases[0].Dispose();

        Assert.False(area.IsMapped);
        Assert.Equal(3, BitConverter.ToInt64(leases[2].Span));
        leases[2].Dispose();
        Assert.True(leases[2].IsReleased);
        Assert.Equal(0, area.Ledger.LiveCopies);
    }

    private static BufferLease Retain(InMemoryArea area, long content)
    {
        ReceivedBuffer buffer = area.Begin(BitConverter.GetBytes(content), 0, out ulong offset);
        BufferLease lease = buffer.Retain();
        area.End(offset);
        return lease;
    }

    private static void OnAnotherThread(Action action)
    {
        Thread thread = new(() => action());
        thread.Start();
        thread.Join();
    }
}
