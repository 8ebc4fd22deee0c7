using System.Runtime.InteropServices;
using Zcrx.Rx;

namespace Zcrx.Chaos.Faults;

/// <summary>Breaks a ring on a real kernel by replacing its descriptor.</summary>
/// <remarks>
/// Closing the descriptor would free its number, and the kernel could give the number to another file, which the queue would then close by
/// mistake. The ring thread therefore puts another file in place of the ring. The queue does not close that file if it has noticed the
/// fault. It closes the file if another fault ended the queue before. This class cannot know which of these happened and never closes the
/// file, so a file on /dev/null may stay open.
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
