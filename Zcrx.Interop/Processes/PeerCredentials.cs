using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Zcrx.Interop.Processes;

/// <summary>Who is at the other end of a Unix socket, as the kernel knows it: at the time of the connect.</summary>
/// <param name="ProcessId">Its process, in our PID namespace; 0 when it is in none that we see.</param>
/// <param name="UserId">Its effective user.</param>
internal readonly partial record struct PeerCredentials(int ProcessId, uint UserId)
{
    private const int SolSocket = 1;
    private const int SoPeerCredentials = 17;

    /// <summary>Whether it is the user that this process runs as.</summary>
    public bool IsSameUser => UserId == geteuid();

    /// <summary>Asks the kernel. Any thread.</summary>
    /// <exception cref="SocketException">The socket is no connected Unix socket.</exception>
    public static PeerCredentials Of(Socket socket)
    {
        // struct ucred: pid, uid, gid, 32 bits each.
        Span<int> credentials = stackalloc int[3];
        _ = socket.GetRawSocketOption(SolSocket, SoPeerCredentials, MemoryMarshal.AsBytes(credentials));
        return new PeerCredentials(credentials[0], (uint)credentials[1]);
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint geteuid();
}
