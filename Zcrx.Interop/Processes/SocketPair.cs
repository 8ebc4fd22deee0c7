using System.Runtime.InteropServices;
using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Processes;

/// <summary>Creates two connected Unix stream sockets (socketpair(2)). .NET has no API for this.</summary>
internal static unsafe partial class SocketPair
{
    private const int Unix = 1;
    private const int Stream = 1;
    private const int CloseOnExec = 0x80000;

    /// <returns>Zero, or a negative errno. The caller owns the two descriptors, which are close-on-exec.</returns>
    public static int Create(out int first, out int second)
    {
        int* sockets = stackalloc int[2];
        int result = Libc.Result(socketpair(Unix, Stream | CloseOnExec, 0, sockets));
        (first, second) = result < 0 ? (-1, -1) : (sockets[0], sockets[1]);
        return result;
    }

    [LibraryImport("libc", EntryPoint = "socketpair", SetLastError = true)]
    private static partial int socketpair(int domain, int type, int protocol, int* sockets);
}
