using System.Runtime.InteropServices;
using Zcrx.Rx;

namespace Zcrx.Chaos.Faults;

/// <summary>Takes a ring's descriptor away on a real kernel.</summary>
/// <remarks>
/// Closing it would leave a number that somebody else is given, whose file would then be closed by mistake. So another file is put in its place, on the ring's thread;
/// the queue leaves it alone, as it must, and it is closed here when the queue has ended.
/// </remarks>
internal static partial class RingBreaker
{
    public static void Break(ZcrxQueue queue) => queue.Loop.Post(() =>
    {
        int ring = queue.Loop.RingDescriptor;
        using (Microsoft.Win32.SafeHandles.SafeFileHandle nothing = File.OpenHandle("/dev/null"))
        {
            if (Duplicate((int)nothing.DangerousGetHandle(), ring) < 0)
            {
                return;
            }
        }

        _ = queue.Completion.ContinueWith(_ => CloseDescriptor(ring), TaskScheduler.Default);
    });

    [LibraryImport("libc", EntryPoint = "dup2")]
    private static partial int Duplicate(int from, int to);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int CloseDescriptor(int descriptor);
}
