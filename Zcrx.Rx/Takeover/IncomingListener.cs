using System.Net;
using System.Net.Sockets;
using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Takeover;

/// <summary>A listening socket that came from another process.</summary>
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

    /// <param name="name">What it is called.</param>
    /// <param name="fd">The descriptor; owned by the result, or closed.</param>
    /// <exception cref="InvalidDataException">It is no listening TCP socket.</exception>
    public static IncomingListener Create(string name, int fd)
    {
        // Non-blocking is a property of the socket, not of the descriptor: the predecessor has set it, and goes on needing it.
        Socket socket = new(Check(fd, AddressFamily.InterNetwork)) { Blocking = false };
        return new IncomingListener(name, (IPEndPoint)socket.LocalEndPoint!, socket);
    }

    /// <summary>Looks at what has come before it is used as what it should be.</summary>
    /// <param name="fd">The descriptor; owned by the result, or closed.</param>
    /// <param name="family">Unix, or anything else for TCP.</param>
    /// <exception cref="InvalidDataException">It is no listening stream socket of that kind.</exception>
    public static SafeSocketHandle Check(int fd, AddressFamily family)
    {
        int domain = Option(fd, SoDomain);
        bool isAsExpected = Option(fd, SoAcceptConnections) == 1
            && Option(fd, SoType) == StreamType
            && (family == AddressFamily.Unix ? domain == DomainUnix : domain is DomainIPv4 or DomainIPv6);
        if (!isAsExpected)
        {
            _ = Libc.Close(fd);
            throw new InvalidDataException("a descriptor came that is not the listening socket that was announced");
        }

        return new SafeSocketHandle(fd, ownsHandle: true);
    }

    private static int Option(int fd, int name) => Interop.Processes.SocketFacts.Option(fd, SolSocket, name);
}
