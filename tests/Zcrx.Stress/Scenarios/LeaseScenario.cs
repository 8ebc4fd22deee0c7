using System.Buffers;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Stress.Scenarios;

/// <summary>
/// Performs all operations on the same leases on all threads, while the ring thread reuses returned buffers. Some leases are copies in the
/// native heap.
/// </summary>
internal sealed unsafe class LeaseScenario : IStressScenario
{
    private const int Buffers = 64;
    private const int Shared = 16;

    private readonly BufferLease?[] _shared = new BufferLease?[Shared];
    private long _operations;

    public string Name => "lease";

    public long Run(StressRun run)
    {
        using InMemoryArea area = new(Buffers, 16);
        Random random = new(run.Seed);
        run.Start(Step, isMisuse: true);
        for (long value = 1; !run.IsOver; value++)
        {
            area.Ledger.Drain();
            if (area.Free > 0)
            {
                area.Ledger.LeaseLimit = random.Next(4) == 0 ? 0 : int.MaxValue;
                ReceivedBuffer buffer = area.Begin(BitConverter.GetBytes(value), value, out ulong offset);
                BufferLease lease = buffer.Retain();
                area.End(offset);
                Interlocked.Exchange(ref _shared[random.Next(Shared)], lease)?.Dispose();
            }
        }

        run.Join();
        Array.ForEach(_shared, static lease => lease?.Dispose());
        area.AssertAllReturned();
        return Interlocked.Read(ref _operations);
    }

    private void Step(Random random)
    {
        if (Volatile.Read(ref _shared[random.Next(Shared)]) is not { } lease)
        {
            return;
        }

        Interlocked.Increment(ref _operations);
        switch (random.Next(8))
        {
            case 0:
                lease.Dispose();
                break;
            case 1:
                using (BufferLease retained = lease.Retain())
                {
                    Check(retained, random);
                }

                break;
            case 2:
                using (BufferLease moved = lease.Move())
                {
                    Check(moved, random);
                }

                break;
            case 3:
                // Only this thread uses the lease at first. Then all threads use it.
                BufferLease shared = lease.Retain();
                Interlocked.Exchange(ref _shared[random.Next(Shared)], shared)?.Dispose();
                break;
            case 4:
                CheckPin(lease.Memory.Pin(), lease.StreamOffset, random);
                break;
            case 5:
                MemoryHandle pin = lease.Memory.Pin();
                lease.Dispose();
                CheckPin(pin, lease.StreamOffset, random);
                break;
            case 6:
                _ = lease.Span.Length;
                break;
            default:
                _ = lease.Memory.Span.Length;
                break;
        }
    }

    private static void Check(BufferLease lease, Random random)
    {
        Thread.SpinWait(random.Next(50));
        StressRun.Require(BitConverter.ToInt64(lease.Span) == lease.StreamOffset, "a lease that one thread owns keeps its bytes");
    }

    private static void CheckPin(MemoryHandle pin, long value, Random random)
    {
        MemoryHandle copy = pin;
        Thread.SpinWait(random.Next(50));
        StressRun.Require(*(long*)pin.Pointer == value, "a pin keeps the bytes");
        pin.Dispose();
        copy.Dispose();
    }
}
