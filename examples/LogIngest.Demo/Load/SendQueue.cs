using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace LogIngest.Demo.Load;

/// <summary>Reads how many bytes of a socket are unsent or not acknowledged by the peer.</summary>
internal static partial class SendQueue
{
    // SIOCOUTQ
    private const nuint OutputQueue = 0x5411;

    /// <summary>Returns the number of bytes that are unsent or not acknowledged; 0 for a closed socket.</summary>
    public static long Of(Socket? socket)
    {
        try
        {
            return socket is not null && SysIoctl((int)socket.SafeHandle.DangerousGetHandle(), OutputQueue, out int bytes) == 0 ? bytes : 0;
        }
        catch (ObjectDisposedException)
        {
            return 0;
        }
    }

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int SysIoctl(int descriptor, nuint request, out int value);
}
