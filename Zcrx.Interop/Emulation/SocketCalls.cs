using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Emulation;

/// <summary>Makes the socket and epoll calls of the emulated kernel. Failures are negative errnos, as in the kernel.</summary>
internal static unsafe partial class SocketCalls
{
    public const int EPOLL_CLOEXEC = 0x80000;
    public const int EPOLL_CTL_ADD = 1;
    public const int EPOLL_CTL_DEL = 2;
    public const int EPOLL_CTL_MOD = 3;
    public const uint EPOLLIN = 1;
    public const uint EPOLLOUT = 4;
    public const uint EPOLLERR = 8;
    public const uint EPOLLHUP = 0x10;
    public const uint EPOLLRDHUP = 0x2000;
    public const uint EPOLLET = 0x8000_0000;
    public const int MSG_PEEK = 2;
    public const int MSG_DONTWAIT = Libc.MSG_DONTWAIT;
    public const int F_GETFL = 3;
    public const int O_NONBLOCK = 0x800;
    public const int SOL_SOCKET = 1;
    public const int SO_TYPE = 3;
    public const int SO_DOMAIN = 39;
    public const int SO_PROTOCOL = 38;
    public const int SO_COOKIE = 57;
    public const int IPPROTO_TCP = 6;
    public const nuint FIONREAD = 0x541B;

    // The size of struct sockaddr_in6, the longest address of a TCP socket.
    private const int AddressLength = 28;

    private const string Library = "libc";

    [LibraryImport(Library, EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport(Library, EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int epoll_ctl(int epoll, int operation, int fd, void* @event);

    [LibraryImport(Library, EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int epoll_wait(int epoll, void* events, int capacity, int timeout);

    [LibraryImport(Library, EntryPoint = "recvmsg", SetLastError = true)]
    private static partial nint recvmsg(int fd, MessageHeader* message, int flags);

    [LibraryImport(Library, EntryPoint = "recv", SetLastError = true)]
    private static partial nint recv(int fd, void* buffer, nuint length, int flags);

    [LibraryImport(Library, EntryPoint = "accept4", SetLastError = true)]
    private static partial int accept4(int fd, void* address, void* length, int flags);

    [LibraryImport(Library, EntryPoint = "shutdown", SetLastError = true)]
    private static partial int shutdown(int fd, int how);

    [LibraryImport(Library, EntryPoint = "fcntl", SetLastError = true)]
    private static partial int fcntl(int fd, int command, nint argument);

    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    private static partial int ioctl(int fd, nuint request, void* argument);

    [LibraryImport(Library, EntryPoint = "getsockopt", SetLastError = true)]
    private static partial int getsockopt(int fd, int level, int name, void* value, uint* length);

    [LibraryImport(Library, EntryPoint = "getsockname", SetLastError = true)]
    private static partial int getsockname(int fd, void* address, uint* length);

    [LibraryImport(Library, EntryPoint = "getpeername", SetLastError = true)]
    private static partial int getpeername(int fd, void* address, uint* length);

    [LibraryImport(Library, EntryPoint = "poll", SetLastError = true)]
    private static partial int poll(PollEntry* entries, nuint count, int timeout);

    public static int EpollCreate() => Libc.Result(epoll_create1(EPOLL_CLOEXEC));

    public static int EpollControl(int epoll, int operation, int fd, void* @event) => Libc.Result(epoll_ctl(epoll, operation, fd, @event));

    public static int EpollWait(int epoll, void* events, int capacity, int timeout) => Libc.Result(epoll_wait(epoll, events, capacity, timeout));

    public static nint ReceiveMessage(int fd, MessageHeader* message, int flags) => Libc.Result(recvmsg(fd, message, flags));

    public static nint Receive(int fd, void* buffer, nuint length, int flags) => Libc.Result(recv(fd, buffer, length, flags));

    public static int Accept(int fd, int flags) => Libc.Result(accept4(fd, null, null, flags));

    /// <summary>Disconnects a socket. The kernel resets the connection and forgets the peer (tcp_disconnect).</summary>
    public static void Disconnect(int fd) => _ = Libc.Disconnect(fd);

    public static int Shutdown(int fd, int how) => Libc.Result(shutdown(fd, how));

    public static bool IsNonBlocking(int fd) => fcntl(fd, F_GETFL, 0) is var flags and >= 0 && (flags & O_NONBLOCK) != 0;

    /// <summary>Returns the number of bytes in a socket's receive queue (SIOCINQ); 0 when it is unknown.</summary>
    public static int BytesWaiting(int fd)
    {
        int bytes;
        return ioctl(fd, FIONREAD, &bytes) < 0 ? 0 : bytes;
    }

    /// <summary>Returns an integer socket option; a negative errno such as −ENOTSOCK on failure.</summary>
    public static int Option(int fd, int name)
    {
        int value;
        uint length = sizeof(int);
        int result = Libc.Result(getsockopt(fd, SOL_SOCKET, name, &value, &length));
        return result < 0 ? result : value;
    }

    /// <summary>Returns the local end point of a connection; null when the socket has none.</summary>
    public static IPEndPoint? LocalEndPoint(int fd)
    {
        byte* address = stackalloc byte[AddressLength];
        uint length = AddressLength;
        return getsockname(fd, address, &length) < 0 ? null : ToEndPoint(address, length);
    }

    /// <summary>Returns the remote end point of a connection; null when the socket is no longer connected.</summary>
    public static IPEndPoint? RemoteEndPoint(int fd)
    {
        byte* address = stackalloc byte[AddressLength];
        uint length = AddressLength;
        return getpeername(fd, address, &length) < 0 ? null : ToEndPoint(address, length);
    }

    private static IPEndPoint? ToEndPoint(byte* address, uint length)
    {
        SocketAddress native = new((AddressFamily)0, AddressLength);
        new ReadOnlySpan<byte>(address, (int)uint.Min(length, AddressLength)).CopyTo(native.Buffer.Span);
        return native.Family switch
        {
            AddressFamily.InterNetwork => (IPEndPoint)new IPEndPoint(IPAddress.Any, 0).Create(native),
            AddressFamily.InterNetworkV6 => (IPEndPoint)new IPEndPoint(IPAddress.IPv6Any, 0).Create(native),
            _ => null,
        };
    }

    /// <summary>Reads the kernel's unique number of a socket. Returns a negative errno such as −EBADF on failure.</summary>
    public static int Cookie(int fd, out ulong cookie)
    {
        ulong value = 0;
        uint length = sizeof(ulong);
        int result = Libc.Result(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &value, &length));
        cookie = value;
        return result;
    }

    /// <summary>Returns which of the events are ready now, without waiting.</summary>
    public static uint PollNow(int fd, uint events)
    {
        PollEntry entry = new() { Fd = fd, Events = (short)events };
        return poll(&entry, 1, 0) > 0 ? (ushort)entry.ReturnedEvents : 0u;
    }
}
