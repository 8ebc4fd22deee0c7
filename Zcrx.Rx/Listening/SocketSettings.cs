using System.Net.Sockets;

namespace Zcrx.Rx.Listening;

/// <summary>
/// Sets the options of listening sockets and of outgoing connections. The kernel copies options of a listening socket to the sockets it
/// accepts.
/// </summary>
internal static class SocketSettings
{
    private const int SolSocket = 1;
    private const int SoReusePort = 15;
    private const int IpProtoTcp = 6;
    private const int TcpUserTimeout = 18;

    /// <summary>Creates the socket of an outgoing connection. It has the default options of accepted connections.</summary>
    public static Socket CreateOutgoing()
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            ApplyInherited(socket, new ZcrxListenOptions());
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sets the options that must be set before the socket is bound.</summary>
    public static void ApplyBeforeBind(Socket socket, ZcrxListenOptions options)
    {
        if (options.ReusePort)
        {
            socket.SetRawSocketOption(SolSocket, SoReusePort, BitConverter.GetBytes(1));
        }

        ApplyInherited(socket, options);
        options.ConfigureSocket?.Invoke(socket);
    }

    /// <summary>Sets the options that accepted sockets inherit. Also used for a socket that another process has bound.</summary>
    public static void ApplyInherited(Socket socket, ZcrxListenOptions options)
    {
        socket.NoDelay = options.NoDelay;
        if (options.SendBufferSize > 0)
        {
            socket.SendBufferSize = options.SendBufferSize;
        }

        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, options.KeepAlive);
        if (options.KeepAlive)
        {
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, (int)options.KeepAliveTime.TotalSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, (int)options.KeepAliveInterval.TotalSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, options.KeepAliveCount);
        }

        socket.SetRawSocketOption(IpProtoTcp, TcpUserTimeout, BitConverter.GetBytes((int)options.UserTimeout.TotalMilliseconds));
    }
}
