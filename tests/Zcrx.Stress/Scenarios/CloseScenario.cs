using System.Buffers;
using System.Collections.Concurrent;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Stress.Scenarios;

/// <summary>Ends leases and pins while their queue is closed. The last one must unmap the memory, and no earlier one may.</summary>
internal sealed unsafe class CloseScenario : IStressScenario
{
    private const int Buffers = 32;

    private readonly ConcurrentQueue<Held> _work = new();
    private int _pending;
    private long _operations;

    public string Name => "close";

    public long Run(StressRun run)
    {
        Random random = new(run.Seed);
        run.Start(Step, isMisuse: false);
        while (!run.IsOver)
        {
            InMemoryArea area = new(Buffers, 16);
            Volatile.Write(ref _pending, Buffers);
            for (int i = 0; i < Buffers; i++)
            {
                area.Ledger.LeaseLimit = random.Next(4) == 0 ? 0 : int.MaxValue;
                ReceivedBuffer buffer = area.Begin(BitConverter.GetBytes((long)i), i, out ulong offset);
                BufferLease lease = buffer.Retain();
                area.End(offset);
                _work.Enqueue(new Held(lease, random.Next(3) == 0 ? lease.Memory.Pin() : null));
            }

            Thread.SpinWait(random.Next(2_000));
            area.Ledger.Close();
            StressRun.Require(SpinWait.SpinUntil(() => Volatile.Read(ref _pending) == 0 || run.IsOver, TimeSpan.FromSeconds(30)), "everything is released");
            while (_work.TryDequeue(out Held? rest))
            {
                Release(rest);
            }

            StressRun.Require(SpinWait.SpinUntil(() => Volatile.Read(ref _pending) == 0, TimeSpan.FromSeconds(30)), "everything is released");
            StressRun.Require(!area.IsMapped, "the memory is unmapped with the last lease and pin");
        }

        run.Join();
        return Interlocked.Read(ref _operations);
    }

    private void Step(Random random)
    {
        if (_work.TryDequeue(out Held? held))
        {
            Release(held);
        }
        else
        {
            Thread.Yield();
        }
    }

    private void Release(Held held)
    {
        Interlocked.Increment(ref _operations);
        BufferLease lease = held.Lease;
        bool isRight = BitConverter.ToInt64(lease.Span) == lease.StreamOffset;
        lease.Dispose();
        if (held.Pin is { } pin)
        {
            isRight &= *(long*)pin.Pointer == lease.StreamOffset;
            pin.Dispose();
        }

        Interlocked.Decrement(ref _pending);
        StressRun.Require(isRight, "bytes stay as they are while a lease or a pin lasts");
    }

    private sealed record Held(BufferLease Lease, MemoryHandle? Pin);
}
