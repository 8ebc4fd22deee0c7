using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Interop.Leases;

namespace Zcrx.Conformance.Leases;

/// <summary>Tests borrowed and leased buffers of a real queue: a released buffer can receive again, a leased one cannot.</summary>
public class LeaseTests : IClassFixture<LeakCheck>
{
    [SkippableTheory, Kernels]
    public void Borrowed_buffer_receives_again_after_OnNext(string name)
    {
        using var bench = new LeaseBench(KernelUnderTest.OpenDeviceLess(name), buffers: 1);
        bench.Receive(1);
        for (int i = 0; i < 20; i++)
        {
            bench.Deliver(1, 1, buffer => buffer.Length);
            bench.TakeBack();
        }

        Assert.Equal(0, bench.Ledger.Leased);
    }

    [SkippableTheory, Kernels]
    public void Leased_buffer_is_not_overwritten_by_later_bytes(string name)
    {
        using var bench = new LeaseBench(KernelUnderTest.OpenDeviceLess(name), buffers: 4);
        bench.Receive(1);
        List<BufferLease> kept = bench.Deliver(3, 1, buffer => buffer.Retain());
        Assert.Equal(3, bench.Ledger.Leased);
        Assert.Equal(3, bench.Holder.Leased);
        for (int i = 0; i < 10; i++)
        {
            bench.Deliver(1, 1, _ => 0);
            bench.TakeBack();
        }

        foreach (BufferLease lease in kept)
        {
            Pattern.AssertAt(lease.Span, lease.StreamOffset);
            lease.Dispose();
        }

        Assert.Equal(0, bench.Ledger.Leased);
        Assert.Equal(0, bench.Holder.Leased);
    }

    [SkippableTheory, Kernels]
    public void Each_released_lease_returns_exactly_one_buffer(string name)
    {
        using var bench = new LeaseBench(KernelUnderTest.OpenDeviceLess(name), buffers: 8);
        bench.Receive(1);
        for (int lap = 0; lap < 10; lap++)
        {
            List<BufferLease> kept = bench.Deliver(8, 1, buffer => buffer.Retain());
            // All eight buffers of the pool are leased. If one does not return, the next pass of the loop receives fewer than eight.
            kept.ForEach(lease => lease.Dispose());
            bench.TakeBack();
        }
    }

    [SkippableTheory, Kernels]
    public void A_buffer_returns_once_with_its_last_lease(string name)
    {
        using var bench = new LeaseBench(KernelUnderTest.OpenDeviceLess(name), buffers: 2);
        List<ulong> returned = Record(bench);
        bench.Receive(1);
        BufferLease first = bench.Deliver(1, 1, buffer => buffer.Retain())[0];
        BufferLease second = first.Retain();
        first.Dispose();
        first.Dispose();
        Assert.Empty(returned);
        Pattern.AssertAt(second.Span, 0);
        second.Dispose();
        second.Dispose();
        Assert.Single(returned);
        Assert.Equal(0, bench.Ledger.Leased);
    }

    [SkippableTheory, Kernels]
    public void Buffers_released_on_another_thread_return_in_the_order_of_release(string name)
    {
        using var bench = new LeaseBench(KernelUnderTest.OpenDeviceLess(name), buffers: 8);
        bench.Receive(1);
        List<(BufferLease Lease, ulong Offset)> kept = bench.Deliver(8, 1, buffer => (buffer.Retain(), OffsetOf(bench, buffer)));
        List<ulong> returned = Record(bench);
        int[] order = [3, 0, 7, 1, 6, 2, 5, 4];
        OtherThread.Run(() => Array.ForEach(order, i => kept[i].Lease.Dispose()));
        Assert.Empty(returned);
        Assert.True(bench.Ledger.Drain());
        Assert.Equal(order.Select(i => kept[i].Offset), returned);
        Assert.False(bench.Ledger.Drain());
        bench.TakeBack();
        bench.Deliver(8, 1, buffer => buffer.Retain()).ForEach(lease => lease.Dispose());
    }

    [SkippableTheory, Kernels]
    public void Many_threads_release_and_nothing_is_lost_or_doubled(string name)
    {
        using var bench = new LeaseBench(KernelUnderTest.OpenDeviceLess(name), buffers: 64);
        bench.Receive(1);
        for (int lap = 0; lap < 5; lap++)
        {
            BufferLease[] kept = [.. bench.Deliver(64, 1, buffer => buffer.Retain())];
            Thread[] threads = [.. Enumerable.Range(0, 4).Select(part => new Thread(() =>
            {
                for (int i = part; i < kept.Length; i += 4)
                {
                    kept[i].Dispose();
                }
            }))];
            Array.ForEach(threads, thread => thread.Start());
            Array.ForEach(threads, thread => Assert.True(thread.Join(Deadline.Limit)));
            bench.TakeBack();
            Assert.Equal(0, bench.Ledger.Leased);
        }
    }

    [SkippableTheory, Kernels]
    public void A_lease_that_threads_move_and_release_at_once_returns_its_buffer_once(string name)
    {
        const int Buffers = 8;
        using var bench = new LeaseBench(KernelUnderTest.OpenDeviceLess(name), Buffers);
        List<ulong> returned = Record(bench);
        bench.Receive(1);
        for (int lap = 0; lap < 20; lap++)
        {
            // This leases all buffers of the pool. If the kernel had dropped a buffer because of a double return, the next pass of the loop
            // would receive one buffer less.
            List<(BufferLease Lease, ulong Offset)> kept = bench.Deliver(Buffers, 1, buffer => (buffer.Retain(), OffsetOf(bench, buffer)));
            returned.Clear();
            using Barrier barrier = new(4);
            Thread[] threads = [.. Enumerable.Range(0, barrier.ParticipantCount).Select(number => new Thread(() =>
            {
                foreach ((BufferLease lease, _) in kept)
                {
                    barrier.SignalAndWait();
                    if (number == 0)
                    {
                        MoveAndRelease(lease);
                    }

                    lease.Dispose();
                }
            }))];
            Array.ForEach(threads, thread => thread.Start());
            Array.ForEach(threads, thread => Assert.True(thread.Join(Deadline.Limit)));
            bench.TakeBack();
            Assert.Equal(kept.Select(pair => pair.Offset).Order(), returned.Order());
            Assert.Equal(0, bench.Ledger.Leased);
        }

        static void MoveAndRelease(BufferLease lease)
        {
            try
            {
                lease.Move().Dispose();
            }
            catch (ObjectDisposedException)
            {
                // Another thread has released the lease before.
            }
        }
    }

    [SkippableTheory, Kernels]
    public void Moved_lease_throws_and_its_disposal_releases_no_buffer(string name)
    {
        using var bench = new LeaseBench(KernelUnderTest.OpenDeviceLess(name), buffers: 2);
        bench.Receive(1);
        BufferLease lease = bench.Deliver(1, 1, buffer => buffer.Retain())[0];
        BufferLease moved = lease.Move();
        Assert.Throws<ObjectDisposedException>(() => lease.Span.Length);
        lease.Dispose();
        Assert.Equal(1, bench.Ledger.Leased);
        Pattern.AssertAt(moved.Span, 0);
        moved.Dispose();
        Assert.Equal(0, bench.Ledger.Leased);
    }

    [SkippableTheory, Kernels]
    public void Return_wakes_the_ring_thread_only_on_request(string name)
    {
        using var bench = new LeaseBench(KernelUnderTest.OpenDeviceLess(name), buffers: 8);
        bench.Receive(1);
        List<BufferLease> kept = bench.Deliver(5, 1, buffer => buffer.Retain());
        OtherThread.Run(kept[0].Dispose);
        Assert.Equal(0, bench.Wakes);
        Assert.False(bench.Ledger.TryPrepareToSleep());
        bench.Ledger.Drain();
        Assert.True(bench.Ledger.TryPrepareToSleep());
        OtherThread.Run(kept[1].Dispose);
        OtherThread.Run(kept[2].Dispose);
        Assert.Equal(1, bench.Wakes);
        bench.Ledger.Drain();
        Assert.True(bench.Ledger.TryPrepareToSleep());
        bench.Ledger.Awake();
        OtherThread.Run(kept[3].Dispose);
        Assert.Equal(1, bench.Wakes);
        kept[4].Dispose();
    }

    [SkippableTheory, Kernels]
    public void Leases_keep_the_memory_after_the_queue_and_the_last_one_frees_it(string name)
    {
        BufferLease[] kept;
        using (var bench = new LeaseBench(KernelUnderTest.OpenDeviceLess(name), buffers: 8))
        {
            bench.Receive(1);
            kept = [.. bench.Deliver(3, 1, buffer => buffer.Retain())];
            // This buffer is released, but the ring thread has not put it back before the queue ends. The other two leases outlive the
            // queue.
            OtherThread.Run(kept[0].Dispose);
        }

        Pattern.AssertAt(kept[1].Span, 10);
        Pattern.AssertAt(kept[2].Span, 20);
        kept[1].Dispose();
        OtherThread.Run(kept[2].Dispose);
        // The reads above show that the memory outlives the queue. The leak check shows that the memory is unmapped after the last lease.
    }

    private static ulong OffsetOf(LeaseBench bench, ReceivedBuffer buffer)
    {
        int slot = buffer.TryLeaseSlot();
        ulong offset = bench.Ledger[slot].Offset;
        bench.Ledger.Release(slot);
        return offset;
    }

    /// <summary>Records the offset of each buffer that is returned from now on.</summary>
    private static List<ulong> Record(LeaseBench bench)
    {
        List<ulong> returned = [];
        Action<ulong> refill = bench.Ledger.Refill!;
        bench.Ledger.Refill = offset =>
        {
            returned.Add(offset);
            refill(offset);
        };
        return returned;
    }
}
