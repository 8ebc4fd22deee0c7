using Zcrx.Interop.Memory;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Interop.Tests.Leases;

/// <summary>Tests that the memory stays mapped after the close of the queue until the last lease is released.</summary>
public sealed class LedgerCloseTests
{
    [Fact]
    public void Memory_stays_readable_until_the_last_lease_is_released()
    {
        using InMemoryArea area = new(4, 16);
        BufferLease first = Retain(area, 1);
        BufferLease second = Retain(area, 2);

        Assert.Equal(2, area.Ledger.Close());
        Assert.Equal(1, BitConverter.ToInt64(first.Span));
        first.Dispose();
        first.Dispose();
        Assert.True(area.IsMapped);
        Assert.Equal(2, BitConverter.ToInt64(second.Span));
        BufferLease third = second.Retain();
        second.Dispose();
        Assert.Equal(2, BitConverter.ToInt64(third.Span));
        Thread other = new(third.Dispose);
        other.Start();
        other.Join();

        Assert.False(area.IsMapped);
    }

    [Fact]
    public void Close_without_leases_unmaps_the_memory_at_once()
    {
        using InMemoryArea area = new(4, 16);
        Retain(area, 1).Dispose();
        Assert.True(area.IsMapped);

        Assert.Equal(0, area.Ledger.Close());

        Assert.False(area.IsMapped);
    }

    [Fact]
    public void Returned_buffer_that_was_not_drained_does_not_keep_the_memory()
    {
        using InMemoryArea area = new(4, 16);
        BufferLease lease = Retain(area, 1);
        Thread other = new(lease.Dispose);
        other.Start();
        other.Join();

        Assert.Equal(0, area.Ledger.Close());

        Assert.False(area.IsMapped);
    }

    [Fact]
    public void Released_buffers_pass_to_the_other_ring_that_uses_the_memory()
    {
        using InMemoryArea area = new(4, 16);
        List<ulong> forwarded = [];
        area.Ledger.Forward = forwarded.Add;
        BufferLease[] leases = [Retain(area, 1), Retain(area, 2), Retain(area, 3)];
        area.Ledger.LeaseLimit = 3;
        BufferLease copy = Retain(area, 4);
        Thread other = new(leases[1].Dispose);
        other.Start();
        other.Join();

        Assert.Equal(2, area.Ledger.Close());
        Assert.Equal([16ul], forwarded);
        leases[2].Dispose();
        leases[0].Dispose();
        copy.Dispose();

        Assert.Equal([16ul, 32, 0], forwarded);
        Assert.False(area.IsMapped);
        // One buffer was free at the close. The leased ones are forwarded instead of returned to the area.
        Assert.Equal(1, area.Free);
    }

    [Fact]
    public void Closing_twice_closes_once()
    {
        using InMemoryArea area = new(4, 16);
        BufferLease first = Retain(area, 1);
        BufferLease second = Retain(area, 2);
        Assert.Equal(2, area.Ledger.Close());
        Assert.Equal(0, area.Ledger.Close());

        Assert.Equal(1, BitConverter.ToInt64(first.Span));
        first.Dispose();
        Assert.Equal(2, BitConverter.ToInt64(second.Span));
        second.Dispose();
        Assert.False(area.IsMapped);
    }

    [Fact]
    public void Leases_released_while_the_queue_closes_are_all_accounted_for()
    {
        // The second region stands for an area that was added later. A lease that outlives the queue keeps both regions mapped.
        for (int round = 0; round < 200; round++)
        {
            using InMemoryArea area = new(64, 16);
            MemoryRegion added = MemoryRegion.Allocate(1, hugePages: false, "a test");
            area.Ledger.AddRegion(added);
            BufferLease[] leases = [.. Enumerable.Range(0, 64).Select(i => Retain(area, i))];
            using Barrier barrier = new(3);
            Thread[] threads =
            [
                new(() => Release(barrier, leases.AsSpan(0, 32))),
                new(() => Release(barrier, leases.AsSpan(32))),
            ];
            Array.ForEach(threads, static thread => thread.Start());
            barrier.SignalAndWait();
            Assert.InRange(area.Ledger.Close(), 0, 64);
            Array.ForEach(threads, static thread => thread.Join());
            Assert.False(area.IsMapped);
            Assert.Equal(0, added.Owners);
        }
    }

    private static void Release(Barrier barrier, ReadOnlySpan<BufferLease> leases)
    {
        barrier.SignalAndWait();
        foreach (BufferLease lease in leases)
        {
            lease.Dispose();
        }
    }

    private static BufferLease Retain(InMemoryArea area, long value)
    {
        ReceivedBuffer buffer = area.Begin(BitConverter.GetBytes(value), value, out ulong offset);
        BufferLease lease = buffer.Retain();
        area.End(offset);
        return lease;
    }
}
