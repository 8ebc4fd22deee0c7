using System.Collections.Concurrent;
using Zcrx.Interop.Leases;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Interop.Tests.Leases;

/// <summary>Tests the ledger, which counts leases, on the ring thread and other threads. The thread of a test is the ring thread.</summary>
public sealed class BufferLedgerTests
{
    [Fact]
    public void Buffer_that_the_ring_thread_releases_returns_at_once()
    {
        using InMemoryArea area = new(4, 16);
        BufferLease lease = Retain(area, 1);

        lease.Dispose();

        Assert.False(area.Ledger.Drain());
        Assert.Equal(4, area.Free);
    }

    [Fact]
    public void Buffers_that_another_thread_releases_return_in_order_when_drained()
    {
        using InMemoryArea area = new(4, 16) { RecordsReturns = true };
        BufferLease[] leases = [Retain(area, 1), Retain(area, 2), Retain(area, 3)];

        OnAnotherThread(() =>
        {
            leases[1].Dispose();
            leases[0].Dispose();
            leases[2].Dispose();
        });

        // A released lease no longer counts, even before the ring thread has taken its buffer back.
        Assert.Equal(0, area.Ledger.Leased);
        Assert.Equal(1, area.Free);
        Assert.True(area.Ledger.Drain());
        Assert.False(area.Ledger.Drain());
        Assert.Equal([16, 0, 32], area.Returned);
        area.AssertAllReturned();
    }

    [Fact]
    public void Return_on_another_thread_wakes_the_ring_thread_once_and_only_if_it_prepared_to_sleep()
    {
        using InMemoryArea area = new(4, 16);
        BufferLease[] leases = [Retain(area, 1), Retain(area, 2), Retain(area, 3), Retain(area, 4)];

        OnAnotherThread(leases[0].Dispose);
        Assert.Equal(0, area.Wakes);

        // A buffer has been released, so the ring thread must take it back and not sleep. It needs no wake-up for that.
        Assert.False(area.Ledger.TryPrepareToSleep());
        OnAnotherThread(leases[1].Dispose);
        Assert.Equal(0, area.Wakes);
        area.Ledger.Drain();

        Assert.True(area.Ledger.TryPrepareToSleep());
        OnAnotherThread(leases[2].Dispose);
        Assert.Equal(1, area.Wakes);
        OnAnotherThread(leases[3].Dispose);
        Assert.Equal(1, area.Wakes);
        area.AssertAllReturned();
    }

    [Fact]
    public void Return_while_the_ring_thread_is_awake_does_not_wake_it()
    {
        using InMemoryArea area = new(4, 16);
        BufferLease lease = Retain(area, 1);
        Assert.True(area.Ledger.TryPrepareToSleep());
        area.Ledger.Awake();

        OnAnotherThread(lease.Dispose);

        Assert.Equal(0, area.Wakes);
        area.AssertAllReturned();
    }

    [Fact]
    public void Two_threads_that_release_the_same_lease_release_it_once()
    {
        using InMemoryArea area = new(4, 16);
        using Barrier barrier = new(3);
        BufferLease lease = Retain(area, 0);
        bool stop = false;
        void Race()
        {
            while (true)
            {
                barrier.SignalAndWait();
                if (Volatile.Read(ref stop))
                {
                    return;
                }

                Volatile.Read(ref lease).Dispose();
                barrier.SignalAndWait();
            }
        }

        Thread[] threads = [new(Race), new(Race)];
        Array.ForEach(threads, static thread => thread.Start());
        for (int i = 0; i < 2_000; i++)
        {
            barrier.SignalAndWait();
            barrier.SignalAndWait();

            // Detects a second return of the buffer: it would be in the list twice, or make the area throw.
            area.AssertAllReturned();
            Volatile.Write(ref lease, Retain(area, 1));
        }

        Volatile.Write(ref stop, true);
        barrier.SignalAndWait();
        Array.ForEach(threads, static thread => thread.Join());
        lease.Dispose();
        area.AssertAllReturned();
    }

    [Fact]
    public void Buffers_released_by_four_threads_return_exactly_once_with_their_own_bytes()
    {
        const int buffers = 64;
        const int total = 200_000;
        using InMemoryArea area = new(buffers, 16);
        using BlockingCollection<BufferLease> queue = new(buffers);
        int wrong = 0;
        void Consume()
        {
            foreach (BufferLease lease in queue.GetConsumingEnumerable())
            {
                // Shares or moves some leases, so that different threads release the last reference.
                BufferLease other = (lease.StreamOffset & 3) switch
                {
                    0 => lease.Retain(),
                    1 => lease.Move(),
                    _ => lease,
                };
                if (BitConverter.ToInt64(other.Span) != other.StreamOffset)
                {
                    Interlocked.Increment(ref wrong);
                }

                lease.Dispose();
                other.Dispose();
            }
        }

        Thread[] threads = [new(Consume), new(Consume), new(Consume), new(Consume)];
        Array.ForEach(threads, static thread => thread.Start());
        for (long i = 0; i < total; i++)
        {
            while (area.Free == 0)
            {
                area.Ledger.Drain();
            }

            queue.Add(Retain(area, i));
        }

        queue.CompleteAdding();
        Array.ForEach(threads, static thread => thread.Join());
        Assert.Equal(0, wrong);
        area.AssertAllReturned();
    }

    [Fact]
    public void Return_on_any_thread_wakes_a_sleeping_ring_thread()
    {
        // The ring thread prepares to sleep at the same moment as another thread releases. If the wake-up is lost, the wait reaches its
        // timeout.
        const int rounds = 20_000;
        using InMemoryArea area = new(2, 16);
        using SemaphoreSlim handed = new(0);
        BufferLease? lease = null;
        Thread consumer = new(() =>
        {
            for (int i = 0; i < rounds; i++)
            {
                handed.Wait();
                Volatile.Read(ref lease)!.Dispose();
            }
        });
        consumer.Start();
        for (int i = 0; i < rounds; i++)
        {
            int wakes = area.Wakes;
            Volatile.Write(ref lease, Retain(area, i));
            handed.Release();
            if (area.Ledger.TryPrepareToSleep())
            {
                Assert.True(SpinWait.SpinUntil(() => area.Wakes > wakes, TimeSpan.FromSeconds(30)), "The return did not wake.");
            }

            Assert.True(SpinWait.SpinUntil(area.Ledger.Drain, TimeSpan.FromSeconds(30)));
            area.Ledger.Awake();
        }

        consumer.Join();
        area.AssertAllReturned();
    }

    [Fact]
    public void Every_slot_of_a_chunk_is_used_before_another_chunk_is_allocated()
    {
        const int leases = 2_048;
        using InMemoryArea area = new(leases, 16);
        int[] slots = [.. Enumerable.Range(0, leases).Select(_ =>
        {
            int slot = area.Begin([1], 0, out ulong offset).TryLeaseSlot();
            area.End(offset);
            return slot;
        })];

        Assert.Equal(Enumerable.Range(0, leases), slots);
        Array.ForEach(slots, area.Ledger.Release);
        area.AssertAllReturned();
    }

    [Fact]
    public void More_buffers_can_be_leased_than_one_chunk_of_slots_holds()
    {
        using InMemoryArea area = new(5_000, 16);
        BufferLease[] leases = [.. Enumerable.Range(0, 5_000).Select(i => Retain(area, i))];

        Assert.Equal(5_000, area.Ledger.Leased);
        Assert.All(leases, static lease => Assert.Equal(lease.StreamOffset, BitConverter.ToInt64(lease.Span)));
        Array.ForEach(leases, static lease => lease.Dispose());
        area.AssertAllReturned();
    }

    [Fact]
    public void Pressure_that_rises_reclaims_each_consumer_once()
    {
        using InMemoryArea area = new(4, 16);
        Relief relief = new();
        area.Ledger.Reclaimable.Add(relief);

        area.Ledger.IsUnderPressure = true;
        Assert.Equal(1, relief.Asked);
        area.Ledger.IsUnderPressure = true;
        Assert.Equal(1, relief.Asked);
        area.Ledger.IsUnderPressure = false;
        Assert.Equal(1, relief.Asked);
        area.Ledger.IsUnderPressure = true;
        Assert.Equal(2, relief.Asked);

        relief.HasEnded = true;
        area.Ledger.IsUnderPressure = false;
        area.Ledger.IsUnderPressure = true;
        Assert.Equal(2, relief.Asked);
        Assert.Equal(0, area.Ledger.Reclaimable.Count);
    }

    [Fact]
    public void Buffers_in_flight_include_released_ones_until_they_are_drained_and_no_copies()
    {
        using InMemoryArea area = new(4, 16);
        BufferLease first = Retain(area, 1);
        BufferLease second = Retain(area, 2);
        area.Ledger.LeaseLimit = 2;
        BufferLease copy = Retain(area, 3);
        Assert.Equal([0ul, 16], InFlight(area));
        OnAnotherThread(first.Dispose);
        Assert.Equal((1, 2), (area.Ledger.Leased, area.Ledger.InFlight));
        Assert.Equal([0ul, 16], InFlight(area));
        area.Ledger.Drain();
        Assert.Equal((1, 1), (area.Ledger.Leased, area.Ledger.InFlight));
        Assert.Equal([16ul], InFlight(area));
        second.Dispose();
        copy.Dispose();
        Assert.Empty(InFlight(area));
    }

    [Fact]
    public unsafe void Copy_of_any_memory_is_leased_without_a_buffer()
    {
        using InMemoryArea area = new(4, 16);
        long content = 42;
        int slot = area.Ledger.LeaseCopy((byte*)&content, sizeof(long), 7, area.Holder);
        content = 0;
        BufferLease lease = new(area.Ledger, slot);
        Assert.True(area.Ledger.IsCopy(slot));
        Assert.Equal((0, 1, 1L, 1L), (area.Ledger.Leased, area.Holder.Leased, area.Ledger.Copies, area.Ledger.LiveCopies));
        Assert.Equal((42L, 7L, 8), (BitConverter.ToInt64(lease.Span), lease.StreamOffset, lease.Length));
        lease.Dispose();
        Assert.Equal((1L, 0L), (area.Ledger.Copies, area.Ledger.LiveCopies));
    }

    [Fact]
    public void Reference_to_a_buffer_that_is_not_leased_throws()
    {
        using InMemoryArea area = new(4, 16);
        int slot = area.Begin([1], 0, out ulong offset).TryLeaseSlot();
        area.End(offset);
        area.Ledger.AddReference(slot);
        area.Ledger.Release(slot);
        Assert.Equal(1, area.Ledger.Leased);
        area.Ledger.Release(slot);
        Assert.Throws<InvalidOperationException>(() => area.Ledger.AddReference(slot));
        Assert.Throws<InvalidOperationException>(() => area.Ledger.Release(slot));
        area.AssertAllReturned();
    }

    [Fact]
    public void Leases_may_be_made_up_to_the_limit()
    {
        using InMemoryArea area = new(4, 16) { Ledger = { LeaseLimit = 1 } };
        Assert.True(area.Ledger.MayLease);
        BufferLease lease = Retain(area, 1);
        Assert.False(area.Ledger.MayLease);
        OnAnotherThread(lease.Dispose);
        Assert.True(area.Ledger.MayLease);
    }

    private static List<ulong> InFlight(InMemoryArea area)
    {
        List<ulong> offsets = [];
        area.Ledger.ForEachInFlight(offsets.Add);
        return offsets;
    }

    private static BufferLease Retain(InMemoryArea area, long value)
    {
        ReceivedBuffer buffer = area.Begin(BitConverter.GetBytes(value), value, out ulong offset);
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

    private sealed class Relief : IReclaimable
    {
        public int Asked { get; private set; }

        public bool HasEnded { get; set; }

        public BufferHolder? Holder => null;

        public void Reclaim() => Asked++;
    }
}
