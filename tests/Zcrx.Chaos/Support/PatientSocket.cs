using System.Buffers.Binary;
using System.Net.Sockets;

namespace Zcrx.Chaos.Support;

/// <summary>
/// Configures the socket of a sender whose link goes down. TCP must not give up during an outage, but must detect soon that the server has
/// ended the connection.
/// </summary>
internal static class PatientSocket
{
    // The numbers of the options TCP_SYNCNT and TCP_USER_TIMEOUT, for which .NET has no names.
    private const int Tcp = 6;
    private const int SynCount = 7;
    private const int UserTimeout = 18;

    private const int MostSyns = 127;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public static void Configure(Socket socket)
    {
        // With keep-alive, an idle sender sends probes. If the server has ended the connection, it replies with a reset.
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 1);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 1);
        SetRaw(socket, SynCount, MostSyns);
        SetRaw(socket, UserTimeout, (int)Patience.TotalMilliseconds);
    }

    private static void SetRaw(Socket socket, int option, int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        socket.SetRawSocketOption(Tcp, option, bytes);
    }
}
