using System.Diagnostics;
using Zcrx.Benchmarks.Comparison;

namespace Zcrx.Benchmarks.Receivers;

/// <summary>Represents the number of received bytes and the used resources of this process at one moment.</summary>
internal readonly record struct Snapshot(long Bytes, TimeSpan User, TimeSpan System, long Timestamp, long Allocated, int Collections)
{
    /// <param name="bytes">Returns the number of received bytes. It is called after allocations are counted, which takes a while, and
    /// directly before the CPU times are read. Bytes and CPU time then belong together.</param>
    public static Snapshot Take(Func<long> bytes)
    {
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        int collections = GC.CollectionCount(0);
        long received = bytes();
        Environment.ProcessCpuUsage cpu = Environment.CpuUsage;
        return new Snapshot(received, cpu.UserTime, cpu.PrivilegedTime, Stopwatch.GetTimestamp(), allocated, collections);
    }

    public Measurement Since(in Snapshot start, ulong[] sums) => new()
    {
        TotalBytes = Bytes,
        Bytes = Bytes - start.Bytes,
        StartUpSeconds = (start.User + start.System).TotalSeconds,
        UserSeconds = (User - start.User).TotalSeconds,
        SystemSeconds = (System - start.System).TotalSeconds,
        WallSeconds = Stopwatch.GetElapsedTime(start.Timestamp, Timestamp).TotalSeconds,
        AllocatedBytes = Allocated - start.Allocated,
        Collections = Collections - start.Collections,
        Sums = sums,
    };
}
