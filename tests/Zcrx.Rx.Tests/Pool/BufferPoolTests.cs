using FsCheck;
using FsCheck.Fluent;
using Zcrx.Interop;
using Zcrx.Interop.Leases;
using Zcrx.Rx.Pool;
using Zcrx.Rx.Tests.Support;
using Zcrx.Rx.Tests.Support.Rooms;

namespace Zcrx.Rx.Tests.Pool;

/// <summary>Tests the pool in plain memory: no kernel, no socket, no thread.</summary>
public class BufferPoolTests
{
    private const int Buffers = 16;

    private static readonly Gen<(int Step, int Choice)> Steps = from step in Gen.Choose(0, 5) from choice in Gen.Choose(0, 1000) select (step, choice);

    [Fact]
    public void Account_names_the_place_of_every_buffer_whatever_consumers_and_kernel_do() => Prop
        .ForAll(Steps.ListOf(120).ToArbitrary(), static steps =>
        {
            // The refill queue has fewer entries than the pool has buffers, so some returned buffers do not fit.
            using MemoryQueue queue = new(Buffers, refillEntries: 4);
            BufferPool pool = new(queue, isImported: false, ReceiveBench.ContextOf(TestQueue.Options(Buffers), new ManualClock()), new RoomEvents());
            BufferHolder holder = new();
            Queue<ulong> kernel = new(Enumerable.Range(0, Buffers).Select(static index => (ulong)index));
            List<int> leases = [];
            List<ulong> returned = [];
            foreach ((int step, int choice) in steps)
            {
                switch (step)
                {
                    case 0 when kernel.TryDequeue(out ulong offset):
                        returned.Add(offset);
                        pool.Return(offset);
                        break;
                    case 1 or 2 when kernel.TryDequeue(out ulong offset):
                        int slot = queue.Lease(offset, holder, pool);
                        leases.Add(slot);
                        if (queue.Ledger.IsCopy(slot))
                        {
                            returned.Add(offset);
                        }

                        break;
                    case 3 when leases.Count > 0:
                        int released = leases[choice % leases.Count];
                        if (!queue.Ledger.IsCopy(released))
                        {
                            returned.Add(queue.Ledger[released].Offset);
                        }

                        leases.Remove(released);
                        queue.Ledger.Release(released);
                        break;
                    case 4:
                        queue.ConsumedPerFlush = choice % 5;
                        pool.Flush();
                        pool.AppendPending();
                        break;
                    default:
                        queue.ConsumedPerFlush = int.MaxValue;
                        pool.Publish();
                        break;
                }

                Assert.Equal(returned.Take(queue.Consumed.Count), queue.Consumed);
                int free = kernel.Count + queue.Consumed.Count;
                PoolAccount account = pool.Account;
                Assert.Equal(Buffers, account.Buffers);
                Assert.Equal(leases.Count(lease => !queue.Ledger.IsCopy(lease)), account.InFlight);
                Assert.Equal(returned.Count - queue.Consumed.Count, account.InRefillQueue + account.Pending);
                Assert.Equal(free, account.Free);
                Assert.Equal(free, pool.Free);
                Assert.InRange(account.InRefillQueue, 0, 4);
                Assert.Equal(account.Pending > 0, pool.HasPending);
                Assert.InRange(account.InFlight, 0, Buffers - pool.Reserve);
            }
        })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public void Leases_of_other_rings_are_not_available_and_not_leased_here()
    {
        using MemoryQueue queue = new(Buffers);
        BufferPool pool = new(queue, isImported: false, ReceiveBench.ContextOf(TestQueue.Options(Buffers), new ManualClock()), new RoomEvents());
        int available = pool.Available;
        Assert.False(pool.HasChanged);

        pool.SetLeasedElsewhere(5);

        Assert.True(pool.HasChanged);
        Assert.Equal((available - 5, Buffers - 5, 5), (pool.Available, pool.Free, pool.Account.LeasedElsewhere));
        Assert.Equal(Buffers - pool.Reserve - 5, queue.Ledger.LeaseLimit);
    }

    [Fact]
    public void Leases_of_other_rings_count_in_the_published_level()
    {
        using MemoryQueue queue = new(Buffers);
        RoomEvents events = new();
        BufferPool pool = new(queue, isImported: false, ReceiveBench.ContextOf(TestQueue.Options(Buffers), new ManualClock()), events);
        int elsewhere = Buffers - pool.Reserve - 1;
        List<int> leases = Lease(queue, pool, 1);
        pool.SetLeasedElsewhere(elsewhere);

        pool.Observe(paused: 0);

        PoolPressure last = events.Levels[^1];
        Assert.Equal((PoolPressureLevel.Exhausted, elsewhere + 1), (last.Level, last.BuffersOut));
        leases.ForEach(queue.Ledger.Release);
    }

    [Fact]
    public void Consumers_of_a_ceded_pool_get_copies_until_the_ring_writes_again()
    {
        using MemoryQueue queue = new(Buffers);
        BufferPool pool = new(queue, isImported: false, ReceiveBench.ContextOf(TestQueue.Options(Buffers), new ManualClock()), new RoomEvents());
        BufferHolder holder = new();

        pool.SetCeded(true);
        int copy = queue.Lease(1, holder, pool);
        pool.SetCeded(false);
        int lease = queue.Lease(2, holder, pool);

        Assert.True(queue.Ledger.IsCopy(copy));
        Assert.False(queue.Ledger.IsCopy(lease));
        queue.Ledger.Release(copy);
        queue.Ledger.Release(lease);
    }

    [Fact]
    public void Pool_under_pressure_grows_up_to_its_limit_before_the_level_rises()
    {
        using MemoryQueue queue = new(Buffers);
        ZcrxQueueOptions options = TestQueue.Options(Buffers);
        RoomEvents events = new();
        BufferPool pool = new(queue, isImported: false, ReceiveBench.ContextOf(options with { MaxAreaSize = 2 * options.AreaSize }, new ManualClock()), events);
        List<int> leases = Lease(queue, pool, Buffers - pool.Reserve);

        pool.Observe(paused: 0);
        Assert.Equal((2 * Buffers, PoolPressureLevel.Normal), (pool.Buffers, pool.Level));
        Assert.Null(Assert.Single(events.Growth).Error);
        Assert.All(events.Levels, static level => Assert.Equal(PoolPressureLevel.Normal, level.Level));
        Assert.False(queue.Ledger.IsUnderPressure);

        leases.AddRange(Lease(queue, pool, Buffers));
        pool.Observe(paused: 0);
        Assert.Equal((1, PoolPressureLevel.Exhausted), (queue.GrowthAttempts, pool.Level));
        leases.ForEach(queue.Ledger.Release);
    }

    [Fact]
    public void Observe_of_a_pool_under_pressure_that_cannot_grow_allocates_nothing()
    {
        using MemoryQueue queue = new(Buffers);
        BufferPool pool = new(queue, isImported: false, ReceiveBench.ContextOf(TestQueue.Options(Buffers), new ManualClock()), new RoomEvents());
        List<int> leases = Lease(queue, pool, Buffers - pool.Reserve);
        // The first calls publish the level. They also let the JIT compiler reach its last tier, because a change of tiers allocates.
        Observe();
        Assert.NotEqual(PoolPressureLevel.Normal, pool.Level);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Observe();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        leases.ForEach(queue.Ledger.Release);

        void Observe()
        {
            for (int i = 0; i < 1000; i++)
            {
                pool.Observe(paused: 0);
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Pool_that_has_grown_gives_memory_back_after_a_minute_in_which_its_first_area_sufficed(bool canTrim)
    {
        using MemoryQueue queue = new(Buffers, refillEntries: 4 * Buffers) { CanTrimAreas = canTrim };
        ZcrxQueueOptions options = TestQueue.Options(Buffers);
        ManualClock clock = new();
        BufferPool pool = new(queue, isImported: false, ReceiveBench.ContextOf(options with { MaxAreaSize = 2 * options.AreaSize }, clock), new RoomEvents());
        pool.Trim(clock.GetTimestamp());
        Assert.Equal(long.MaxValue, pool.TrimDue);
        List<int> leases = Lease(queue, pool, Buffers - pool.Reserve);
        pool.Observe(paused: 0);
        leases.AddRange(Lease(queue, pool, Buffers + 1 - leases.Count));
        pool.Trim(clock.GetTimestamp());
        clock.Advance(TimeSpan.FromMinutes(1));
        pool.Trim(clock.GetTimestamp());
        Assert.Equal(0, queue.Trims);

        leases.ForEach(queue.Ledger.Release);
        queue.Ledger.Drain();
        pool.Trim(clock.GetTimestamp());
        Assert.Equal(0, queue.Trims);
        clock.Advance(TimeSpan.FromMinutes(1));
        pool.Trim(clock.GetTimestamp());

        Assert.Equal(canTrim ? 1 : 0, queue.Trims);
        Assert.Equal(2 * Buffers, pool.Buffers);
        Assert.Equal(canTrim ? clock.GetTimestamp() + TimeSpan.FromMinutes(1).Ticks : long.MaxValue, pool.TrimDue);
        // Trimming flushes the refill queue first, so that the kernel has all returned buffers.
        Assert.Equal(canTrim ? 0 : Buffers + 1, pool.Account.InRefillQueue);
        pool.SetCeded(true);
        Assert.Equal(long.MaxValue, pool.TrimDue);
    }

    [Fact]
    public void Pool_that_cedes_no_longer_counts_buffers_that_other_rings_leased_before()
    {
        using MemoryQueue queue = new(Buffers);
        BufferPool pool = new(queue, isImported: false, ReceiveBench.ContextOf(TestQueue.Options(Buffers), new ManualClock()), new RoomEvents());
        pool.SetLeasedElsewhere(Buffers);
        Assert.Equal(0, pool.Free);

        pool.SetCeded(true);

        Assert.Equal((Buffers, Buffers - pool.Reserve), (pool.Free, pool.Available));
    }

    [Fact]
    public void Growth_waits_until_no_other_ring_has_mapped_the_areas()
    {
        using MemoryQueue queue = new(Buffers);
        ZcrxQueueOptions options = TestQueue.Options(Buffers);
        RoomEvents events = new();
        BufferPool pool = new(queue, isImported: false, ReceiveBench.ContextOf(options with { MaxAreaSize = 2 * options.AreaSize }, new ManualClock()), events);
        List<int> leases = Lease(queue, pool, Buffers - pool.Reserve);

        // This ring still writes the refill queue, so IsShared is false. The second ring, which maps the same areas, must prevent the
        // growth.
        using (MemoryQueue imported = new(queue))
        {
            pool.Observe(paused: 0);
            Assert.Equal((0, PoolPressureLevel.Exhausted), (queue.GrowthAttempts, pool.Level));
            Assert.Empty(events.Growth);
        }

        pool.Observe(paused: 0);
        Assert.Equal((1, PoolPressureLevel.Normal), (queue.GrowthAttempts, pool.Level));
        leases.ForEach(queue.Ledger.Release);
    }

    [Fact]
    public void Growth_that_failed_is_reported_once_and_tried_again_only_with_a_larger_limit()
    {
        using MemoryQueue queue = new(Buffers) { GrowthError = new ZcrxException("Growing", 12, "no memory is left", "") };
        ZcrxQueueOptions options = TestQueue.Options(Buffers) with { MaxAreaSize = 1 << 30 };
        RoomEvents events = new();
        BufferPool pool = new(queue, isImported: false, ReceiveBench.ContextOf(options, new ManualClock()), events);
        List<int> leases = Lease(queue, pool, Buffers - pool.Reserve);

        pool.Observe(paused: 3);
        pool.Observe(paused: 3);
        Assert.Equal(1, queue.GrowthAttempts);
        Assert.Same(queue.GrowthError, Assert.Single(events.Growth).Error);
        Assert.Equal(3, Assert.Single(events.Levels).PausedConnections);

        pool.Reconfigure(options, options);
        pool.Observe(paused: 0);
        Assert.Equal(1, queue.GrowthAttempts);
        pool.Reconfigure(options, options with { MaxAreaSize = options.MaxAreaSize + 1 });
        pool.Observe(paused: 0);
        Assert.Equal(2, queue.GrowthAttempts);
        leases.ForEach(queue.Ledger.Release);
    }

    [Fact]
    public void Return_wakes_the_ring_thread_only_if_something_waits_for_it()
    {
        using MemoryQueue queue = new(Buffers);
        BufferPool pool = new(queue, isImported: false, ReceiveBench.ContextOf(TestQueue.Options(Buffers), new ManualClock()), new RoomEvents());
        List<int> leases = Lease(queue, pool, 2);

        Assert.True(pool.TryPrepareToSleep(isAwaited: false));
        ReleaseElsewhere(queue, leases[0]);
        Assert.Equal(0, queue.Wakes);

        Assert.False(pool.TryPrepareToSleep(isAwaited: true));
        queue.Ledger.Drain();
        Assert.True(pool.TryPrepareToSleep(isAwaited: true));
        ReleaseElsewhere(queue, leases[1]);
        Assert.Equal(1, queue.Wakes);
    }

    private static List<int> Lease(MemoryQueue queue, BufferPool pool, int count)
    {
        BufferHolder holder = new();
        return [.. Enumerable.Range(0, count).Select(index => queue.Lease((ulong)index, holder, pool))];
    }

    private static void ReleaseElsewhere(MemoryQueue queue, int slot)
    {
        Thread other = new(() => queue.Ledger.Release(slot));
        other.Start();
        other.Join();
    }
}
