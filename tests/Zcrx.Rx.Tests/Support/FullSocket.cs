using System.Net.Sockets;
using System.Runtime.InteropServices;
using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Tests.Support;

/// <summary>Determines whether a socket can send nothing before its peer reads.</summary>
internal static unsafe partial class FullSocket
{
    private const nuint UnsentBytes = 0x894B;

    /// <summary>
    /// Determines whether all bytes on the way are acknowledged and others remain unsent. The peer's window is then closed. A socket
    /// that is only waiting for a delayed acknowledgement is not full.
    /// </summary>
    public static bool IsFull(Socket socket)
    {
        int descriptor = (int)socket.SafeHandle.DangerousGetHandle();
        int unsent = 0;
        Assert.Equal(0, Query(descriptor, UnsentBytes, &unsent));
        return unsent > 0 && Libc.BytesUnacknowledged(descriptor) == unsent;
    }

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Query(int descriptor, nuint request, int* value);
}
