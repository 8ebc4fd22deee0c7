using System.Runtime.InteropServices;

namespace Zcrx.Simulation;

/// <summary>Keeps the calling thread on the processor that it runs on, until disposed.</summary>
/// <remarks>
/// The kernel frees a socket's memory later when it was allocated on another processor. How much fits into a socket would then depend on when the thread changes its
/// processor, and the same seed would give other events.
/// </remarks>
internal sealed unsafe partial class OneProcessor : IDisposable
{
    // cpu_set_t of the C library.
    private const int SetLength = 128;

    private readonly byte[] _before = new byte[SetLength];

    public OneProcessor()
    {
        byte[] one = new byte[SetLength];
        int processor = Thread.GetCurrentProcessorId();
        one[processor / 8] = (byte)(1 << (processor % 8));
        Thread.BeginThreadAffinity();
        fixed (byte* before = _before, now = one)
        {
            if (GetAffinity(0, SetLength, before) != 0 || SetAffinity(0, SetLength, now) != 0)
            {
                throw new SimulationException($"a thread cannot be kept on one processor: errno {Marshal.GetLastPInvokeError()}");
            }
        }
    }

    public void Dispose()
    {
        fixed (byte* before = _before)
        {
            _ = SetAffinity(0, SetLength, before);
        }

        Thread.EndThreadAffinity();
    }

    [LibraryImport("libc", EntryPoint = "sched_getaffinity", SetLastError = true)]
    private static partial int GetAffinity(int thread, nuint length, byte* set);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    private static partial int SetAffinity(int thread, nuint length, byte* set);
}
