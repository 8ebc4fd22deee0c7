using System.Buffers.Binary;
using System.Net.Sockets;

namespace Zcrx.Rx.Listening;

/// <summary>Reads how many connections the kernel may accept on a listening socket before the ring thread can stop it.</summary>
internal static class ListenBacklog
{
    // The kernel's default limit of a backlog (net.core.somaxconn). A shorter backlog counts as this long, because new clients enter it
    // while the kernel accepts those that wait.
    public const int Least = 4096;

    private const int TcpLevel = 6;
    private const int TcpInfo = 11;
    // The offset of the field tcpi_sacked in struct tcp_info. For a listening socket, the field contains the limit of the backlog.
    private const int BoundOffset = 28;

    /// <summary>Returns the limit of the backlog, or <see cref="Least"/> if that is larger.</summary>
    public static int Read(Socket listener)
    {
        Span<byte> info = stackalloc byte[BoundOffset + sizeof(int)];
        try
        {
            int length = listener.GetRawSocketOption(TcpLevel, TcpInfo, info);
            return length == info.Length ? int.Max(Least, BinaryPrimitives.ReadInt32LittleEndian(info[BoundOffset..])) : Least;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The socket is closed. The accept request will fail and report this.
            return Least;
        }
    }
}
