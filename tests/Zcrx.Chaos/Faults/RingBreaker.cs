using System.Runtime.InteropServices;
using Zcrx.Rx;

namespace Zcrx.Chaos.Faults;

/// <summary>Breaks a ring on a real kernel: puts another file in the place of its descriptor.</summary>
/// <remarks>
/// If the descriptor were only closed, the kernel could give its number to another file, which the queue would then close by mistake. A
/// queue that notices the fault does not close the new file, so a descriptor of /dev/null may stay open.
/// </remarks>
internal static partial class RingBreaker
{
    public static void Break(ZcrxQueue queue) => queue.Loop.Post(() =>
    {
        int ring = queue.Loop.RingDescriptor;
        using Microsoft.Win32.SafeHandles.SafeFileHandle nothing = File.OpenHandle("/dev/null");
        _ = Duplicate((int)nothing.DangerousGetHandle(), ring);
    });

    [LibraryImport("libc", EntryPoint = "dup2")]
    private static partial int Duplicate(int from, int to);
}
