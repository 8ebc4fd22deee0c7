using FsCheck;
using FsCheck.Fluent;
using Zcrx.Interop.Leases;
using Zcrx.Rx.Tests.Support.Rooms;

namespace Zcrx.Rx.Tests.Pool;

/// <summary>Tests rings that share a pool, without a kernel. The test takes the role of the kernel and the ring threads.</summary>
public class PoolSharingTests
{
    private const int Buffers = 32;
    private const int Rings = 3;

    private static readonly Gen<(int Step, int Ring)> Steps = from step in Gen.Choose(0, 9) from ring in Gen.Choose(0, Rings - 1) select (step, ring);

    [Fact]
    public void Ring_that_has_ceded_sends_its_buffers_to_the_ring_that_writes()
    {
        using QueueBench first = new(Buffers);
        first.Queue.Memory.Register(first.Sharing);
        using QueueBench second = new(Buffers, imported: first.Queue);
        SwitchTo(second, first, second);

        first.Pool.Return(Offset(first, 3));
        first.Sharing.TakeReturned();
        Assert.Empty(first.Queue.Consumed);
        Assert.Equal(1, second.Worker.Wakes);
        second.Sharing.TakeReturned();
        second.Pool.Flush();

        Assert.Equal([Offset(first, 3)], second.Queue.Consumed);
        Assert.False(first.Queue.Refill.IsOurs);
        Assert.True(second.Queue.Refill.IsOurs);
    }

    [Fact]
    public void Leases_on_one_ring_reduce_the_available_buffers_of_the_ring_that_writes()
    {
        using QueueBench first = new(Buffers);
        first.Queue.Memory.Register(first.Sharing);
        using QueueBench second = new(Buffers, imported: first.Queue);
        int before = first.Pool.Available;

        int slot = second.Queue.Lease(Offset(second, 0), new BufferHolder(), second.Pool);
        second.Sharing.TakeReturned();
        first.Sharing.TakeReturned();
        Assert.Equal((before - 1, 1), (first.Pool.Available, first.Pool.Account.LeasedElsewhere));
        second.Queue.Ledger.Release(slot);
        second.Sharing.TakeReturned();
        first.Sharing.TakeReturned();

        Assert.Equal((before, 0), (first.Pool.Available, first.Pool.Account.LeasedElsewhere));
    }

    [Fact]
    public void Ring_that_registered_the_queue_writes_again_after_the_other_has_ended()
    {
        using QueueBench first = new(Buffers);
        first.Queue.Memory.Register(first.Sharing);
        QueueBench second = new(Buffers, imported: first.Queue);
        SwitchTo(second, first, second);
        second.Pool.Return(Offset(second, 1));

        second.Sharing.Leave();
        second.Worker.End();
        second.Dispose();
        RunUntil(() => first.Queue.Refill.IsOurs, "the first ring writes again", first);
        first.Sharing.TakeReturned();
        first.Pool.Flush();

        Assert.Equal([Offset(first, 1)], first.Queue.Consumed);
    }

    [Fact]
    public void Reclaim_returns_every_buffer_that_no_consumer_leases()
    {
        using QueueBench bench = new(Buffers);
        bench.Queue.Memory.Register(bench.Sharing);
        int slot = bench.Queue.Lease(Offset(bench, 5), new BufferHolder(), bench.Pool);
        bool isReclaimed = false;
        bench.Queue.Memory.Reclaimed = () => isReclaimed = true;

        bench.Queue.Memory.Reclaim();
        bench.Sharing.TakeReturned();

        Assert.True(isReclaimed);
        Assert.Equal(Enumerable.Range(0, Buffers).Where(static buffer => buffer != 5).Select(buffer => Offset(bench, buffer)), bench.Queue.Consumed.Order());
        bench.Queue.Ledger.Release(slot);
    }

    [Fact]
    public void Reclaim_waits_while_completions_were_not_handled_or_another_ring_uses_the_pool()
    {
        using QueueBench first = new(Buffers);
        first.Queue.Memory.Register(first.Sharing);
        QueueBench second = new(Buffers, imported: first.Queue);
        first.Queue.Memory.Reclaim();
        first.Sharing.TakeReturned();
        Assert.Empty(first.Queue.Consumed);

        second.Sharing.Leave();
        second.Worker.End();
        second.Dispose();
        first.Queue.HasCompletions = true;
        first.Sharing.TakeReturned();
        Assert.Empty(first.Queue.Consumed);
        first.Queue.HasCompletions = false;
        first.Sharing.TakeReturned();

        Assert.Equal(Buffers, first.Queue.Consumed.Count);
    }

    [Theory]
    [InlineData(false, Buffers)]
    [InlineData(true, 0)]
    public void Ring_that_has_lost_completions_leaves_its_buffers_to_the_next_unless_another_process_has_some(bool isSharedWithProcess, int reclaimed)
    {
        QueueBench first = new(Buffers);
        first.Queue.Memory.Register(first.Sharing);
        first.Queue.Memory.IsSharedWithProcess = isSharedWithProcess;
        using QueueBench second = new(Buffers, imported: first.Queue);

        first.Sharing.RequestReclaim();
        first.Sharing.Leave();
        first.Worker.End();
        first.Dispose();
        SwitchTo(second, second);
        second.Sharing.TakeReturned();

        Assert.Equal(reclaimed, second.Queue.Consumed.Count);
    }

    [Fact]
    public void Every_buffer_returns_once_whichever_ring_writes() => Prop
        .ForAll(Steps.ListOf(80).ToArbitrary(), static steps =>
        {
            QueueBench[] rings = new QueueBench[Rings];
            rings[0] = new QueueBench(Buffers);
            rings[0].Queue.Memory.Register(rings[0].Sharing);
            for (int i = 1; i < Rings; i++)
            {
                rings[i] = new QueueBench(Buffers, imported: rings[0].Queue);
            }

            Kernel kernel = new(rings);
            Stack<(QueueBench Ring, int Slot)> leases = new();
            foreach ((int step, int index) in steps)
            {
                QueueBench ring = rings[index];
                switch (step)
                {
                    case 0 or 1 or 2 when kernel.Free.TryPop(out ulong offset):
                        leases.Push((ring, ring.Queue.Lease(offset, new BufferHolder(), ring.Pool)));
                        break;
                    case 3 when kernel.Free.TryPop(out ulong offset):
                        ring.Pool.Return(offset);
                        break;
                    case 4 or 5 when leases.TryPop(out (QueueBench Ring, int Slot) lease):
                        lease.Ring.Queue.Ledger.Release(lease.Slot);
                        break;
                    case 6:
                        SwitchTo(ring, rings);
                        break;
                    default:
                        ring.Sharing.TakeReturned();
                        break;
                }

                kernel.TakeConsumed();
            }

            while (leases.TryPop(out (QueueBench Ring, int Slot) lease))
            {
                lease.Ring.Queue.Ledger.Release(lease.Slot);
            }

            // In the first round, the other rings pass their buffers to the ring that writes the refill queue. In the second round, that
            // ring returns them.
            for (int i = 0; i < 2 * Rings; i++)
            {
                rings[i % Rings].Sharing.TakeReturned();
                rings[i % Rings].Pool.Flush();
            }

            kernel.TakeConsumed();
            Assert.Equal(Buffers, kernel.Free.Count);
            Assert.Equal(0, rings[0].Queue.Memory.LeasedElsewhere);
            Assert.Single(rings, static ring => ring.Queue.Refill.IsOurs);
            foreach (QueueBench ring in rings.Reverse())
            {
                ring.Dispose();
            }
        })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    private static ulong Offset(QueueBench bench, int buffer) => (ulong)(buffer * bench.Queue.BufferLength);

    private static void SwitchTo(QueueBench next, params QueueBench[] rings)
    {
        Task switched = next.Queue.Memory.SwitchToAsync(next.Sharing);
        RunUntil(() => switched.IsCompleted, "the other ring writes", rings);
        Assert.True(switched.IsCompletedSuccessfully);
    }

    private static void RunUntil(Func<bool> condition, string expectation, params QueueBench[] rings) => Deadline.Until(
        () =>
        {
            Array.ForEach(rings, static ring => ring.Worker.Run());
            return condition();
        },
        expectation);

    /// <summary>Tracks which buffers the kernel has.</summary>
    private sealed class Kernel(QueueBench[] rings)
    {
        private int _taken;

        public Stack<ulong> Free { get; } = new(Enumerable.Range(0, Buffers).Select(buffer => Offset(rings[0], buffer)));

        public void TakeConsumed()
        {
            for (; _taken < rings[0].Queue.Consumed.Count; _taken++)
            {
                ulong offset = rings[0].Queue.Consumed[_taken];
                Assert.DoesNotContain(offset, Free);
                Free.Push(offset);
            }
        }
    }
}
