using System.Runtime.InteropServices;
using Zcrx.Rx;

namespace Zcrx.Chaos.Faults;

/// <summary>Takes a ring's descriptor away on a real kernel.</summary>
/// <remarks>
/// Closing it would free a number that the kernel gives to another file, which would then be closed by mistake. So another file is put in its place, on the ring's thread.
/// The queue leaves that file alone if it has noticed, and closes it if another fault ended it before. This class cannot know which of the two happened, so it this class never
/// closes it: a file on /dev/null may stay open.
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
