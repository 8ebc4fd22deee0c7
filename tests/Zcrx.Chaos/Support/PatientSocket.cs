using System.Buffers.Binary;
using System.Net.Sockets;

namespace Zcrx.Chaos.Support;

/// <summary>
/// Configures the socket of a sender whose link goes down. TCP does not give up during an outage. The sender soon notices if the server has
/// ended the connection.
/// </summary>
internal static class PatientSocket
{
    // The numbers of TCP_SYNCNT and TCP_USER_TIMEOUT, which .NET does not name.
    private const int Tcp = 6;
    private const int SynCount = 7;
    private const int UserTimeout = 18;

    private const int MostSyns = 127;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public static void Configure(Socket socket)
    {
        // An idle sender sends probes. A connection that the server has ended is then reset.
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
