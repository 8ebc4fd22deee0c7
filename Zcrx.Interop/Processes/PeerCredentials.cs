using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Zcrx.Interop.Processes;

/// <summary>
/// Represents the process at the other end of a Unix socket. Both values are from the time when the connection was made.
/// </summary>
/// <param name="ProcessId">The process id in the PID namespace of this process; 0 when the peer is not visible there.</param>
/// <param name="UserId">The effective user of the peer.</param>
internal readonly record struct PeerCredentials(int ProcessId, uint UserId)
{
    private const int SolSocket = 1;
    private const int SoPeerCredentials = 17;

    /// <summary>Gets a value indicating whether the peer runs as the user of this process.</summary>
    public bool IsSameUser => UserId == ProcessUser.Id;

    /// <summary>Reads the credentials from the kernel. Any thread.</summary>
    /// <exception cref="SocketException">The socket is not a connected Unix socket.</exception>
    public static PeerCredentials Of(Socket socket)
    {
        // Mirrors struct ucred: pid, uid and gid with 32 bits each.
        Span<int> credentials = stackalloc int[3];
        _ = socket.GetRawSocketOption(SolSocket, SoPeerCredentials, MemoryMarshal.AsBytes(credentials));
        return new PeerCredentials(credentials[0], (uint)credentials[1]);
    }
}
