using System.Runtime.InteropServices;
using Zcrx.Rx;

namespace Zcrx.Chaos.Faults;

/// <summary>Breaks a ring on a real kernel by replacing its descriptor.</summary>
/// <remarks>
/// Closing the descriptor would free its number. The kernel could then give the number to another file, and the queue would close that file
/// by mistake. The ring thread therefore puts another file in place of the ring. A queue that has noticed the fault does not close that
/// file. A queue that another fault ended first closes it. This class cannot know which of these happened, and never closes the file. So a
/// file on /dev/null may stay open.
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
