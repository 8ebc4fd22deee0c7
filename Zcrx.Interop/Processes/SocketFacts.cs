using System.Runtime.InteropServices;
using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Processes;

/// <summary>Reads socket options (getsockopt(2)). The descriptor may be of any kind.</summary>
internal static unsafe partial class SocketFacts
{
    /// <summary>Returns an option of type int; a negative errno when the descriptor is no socket or does not have the option.</summary>
    public static int Option(int fd, int level, int name)
    {
        int value = 0;
        uint length = sizeof(int);
        int result = Libc.Result(getsockopt(fd, level, name, &value, &length));
        return result < 0 ? result : value;
    }

    [LibraryImport("libc", EntryPoint = "getsockopt", SetLastError = true)]
    private static partial int getsockopt(int socket, int level, int name, void* value, uint* length);
}
