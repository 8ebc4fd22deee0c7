using System.Net.Sockets;
using System.Runtime.InteropServices;
using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Tests.Support;

/// <summary>Determines whether a socket is full, so that no send succeeds before its peer reads.</summary>
internal static unsafe partial class FullSocket
{
    private const nuint UnsentBytes = 0x894B;

    /// <summary>
    /// Determines whether a socket has unsent bytes although the peer has acknowledged all others. The peer's window is then closed. A
    /// socket that waits for a delayed acknowledgement is not full.
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
