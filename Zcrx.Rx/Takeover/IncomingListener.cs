using System.Net;
using System.Net.Sockets;
using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Takeover;

/// <summary>Represents a listening socket that comes from another process.</summary>
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

    /// <param name="name">The listener's name.</param>
    /// <param name="fd">The descriptor. The result owns it; on failure, it is closed.</param>
    /// <exception cref="InvalidDataException">The descriptor is no listening TCP socket.</exception>
    public static IncomingListener Create(string name, int fd)
    {
        // Non-blocking is a property of the socket, not of the descriptor. The predecessor has set it and still
        // needs it, so it must stay set.
        Socket socket = new(Check(fd, AddressFamily.InterNetwork)) { Blocking = false };
        return new IncomingListener(name, (IPEndPoint)socket.LocalEndPoint!, socket);
    }

    /// <summary>Checks a received socket before it is used.</summary>
    /// <param name="fd">The descriptor. The result owns it; on failure, it is closed.</param>
    /// <param name="family">Unix, or another family for TCP.</param>
    /// <exception cref="InvalidDataException">The descriptor is no listening stream socket of that family.</exception>
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
