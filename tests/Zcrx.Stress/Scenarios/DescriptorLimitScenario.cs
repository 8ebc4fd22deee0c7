using System.Globalization;
using System.Runtime.InteropServices;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;

namespace Zcrx.Stress.Scenarios;

/// <summary>
/// Creates rings while the process has few or no free descriptors. Each attempt must succeed or report EMFILE, and must leave no descriptor
/// behind.
/// </summary>
/// <remarks>It lowers the limit of the whole process, so no other scenario may run in it.</remarks>
internal sealed unsafe partial class DescriptorLimitScenario : IStressScenario
{
    private const int MostFree = 8;
    private const int LimitOnDescriptors = 7;

    public string Name => "descriptor-limit";

    public long Run(StressRun run)
    {
        RlimitPair before;
        StressRun.Require(getrlimit(LimitOnDescriptors, &before) == 0, "the limit can be read");
        // The limit is only slightly above the highest descriptor in use, so that it is reached soon.
        ulong highest = Directory.GetFiles("/proc/self/fd").Max(static path => ulong.Parse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture));
        RlimitPair low = before with { Soft = highest + 32 };
        StressRun.Require(setrlimit(LimitOnDescriptors, &low) == 0, "the limit can be lowered");
        try
        {
            EmulatedKernel kernel = new();
            long attempts = 0;
            while (!run.IsOver)
            {
                bool hasFailed = false;
                bool hasSucceeded = false;
                for (int free = 0; free <= MostFree; free++, attempts++)
                {
                    int result = SetUp(kernel, free);
                    StressRun.Require(result is 0 or -Errno.EMFILE, $"a set-up with {free} free descriptors succeeds or ends with EMFILE, not {result}");
                    hasFailed |= result != 0;
                    hasSucceeded |= result == 0;
                }

                StressRun.Require(hasFailed && hasSucceeded, $"a set-up fails without free descriptors and succeeds with {MostFree}");
            }

            return attempts;
        }
        finally
        {
            _ = setrlimit(LimitOnDescriptors, &before);
        }
    }

    /// <summary>Creates a ring when only this number of descriptors is free.</summary>
    /// <returns>0, or the errno with which the creation failed.</returns>
    private static int SetUp(EmulatedKernel kernel, int free)
    {
        List<int> taken = [];
        try
        {
            while (Libc.Duplicate(0) is var fd and >= 0)
            {
                taken.Add(fd);
            }

            for (int i = 0; i < free; i++)
            {
                _ = Libc.Close(taken[^1]);
                taken.RemoveAt(taken.Count - 1);
            }

            io_uring_params parameters = default;
            int ring = kernel.Setup(8, &parameters);
            return ring < 0 ? ring : kernel.Close(ring);
        }
        finally
        {
            taken.ForEach(static fd => Libc.Close(fd));
        }
    }

    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    private static partial int getrlimit(int resource, RlimitPair* limit);

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    private static partial int setrlimit(int resource, RlimitPair* limit);

    /// <summary><c>struct rlimit</c> on 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private record struct RlimitPair(ulong Soft, ulong Hard);
}
