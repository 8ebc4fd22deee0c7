using System.Net;
using System.Net.Sockets;
using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Takeover;

/// <summary>Represents a listening socket that another process has passed to this one.</summary>
internal sealed record IncomingListener(string Name, IPEndPoint EndPoint, Socket Socket)
{
    private const int SolSocket = 1;
    private const int SoType = 3;
    private const int SoAcceptConnections = 30;
    private const int SoDomain = 39;
    private const int StreamType = 1;
    private const int DomainUnix = 1;
    private const int DomainIPv4 = 2;
    private const int DomainIPv6 = 10;

    /// <param name="name">The name of the listener.</param>
    /// <param name="fd">The descriptor of the socket. The result owns it. If the call fails, the descriptor is closed.</param>
    /// <exception cref="InvalidDataException">The descriptor is not a listening TCP socket.</exception>
    public static IncomingListener Create(string name, int fd)
    {
        // Both processes share the non-blocking mode, because it is a property of the socket and not of the descriptor. The predecessor
        // still needs it, so it must stay set.
        Socket socket = new(Check(fd, AddressFamily.InterNetwork)) { Blocking = false };
        return new IncomingListener(name, (IPEndPoint)socket.LocalEndPoint!, socket);
    }

    /// <summary>Checks that a received descriptor is a listening socket, before it is used.</summary>
    /// <param name="fd">The descriptor. The result owns it. If the call fails, the descriptor is closed.</param>
    /// <param name="family">Unix for a Unix socket, or any other value for a TCP socket.</param>
    /// <exception cref="InvalidDataException">The descriptor is not a listening stream socket of that family.</exception>
    public static SafeSocketHandle Check(int fd, AddressFamily family)
    {
        int domain = Option(fd, SoDomain);
        bool isAsExpected = Option(fd, SoAcceptConnections) == 1
            && Option(fd, SoType) == StreamType
            && (family == AddressFamily.Unix ? domain == DomainUnix : domain is DomainIPv4 or DomainIPv6);
        if (!isAsExpected)
        {
            _ = Libc.Close(fd);
            throw new InvalidDataException("a received descriptor is not the announced listening socket");
        }

        return new SafeSocketHandle(fd, ownsHandle: true);
    }

    private static int Option(int fd, int name) => Interop.Processes.SocketFacts.Option(fd, SolSocket, name);
}
