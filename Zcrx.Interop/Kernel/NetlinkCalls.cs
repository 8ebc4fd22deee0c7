using System.Runtime.InteropServices;
using Zcrx.Interop.Abi;

namespace Zcrx.Interop.Kernel;

/// <summary>
/// Makes system calls on netlink sockets, which <see cref="System.Net.Sockets.Socket"/> does not support. Each method returns a negative
/// errno on failure.
/// </summary>
internal static unsafe partial class NetlinkCalls
{
    public const int AF_NETLINK = 16;
    public const int SOCK_RAW = 3;
    public const int SOCK_DGRAM = 2;
    public const int SOCK_CLOEXEC = 0x80000;
    public const int AF_INET = 2;
    public const int SOL_SOCKET = 1;
    public const int SO_RCVBUF = 8;
    public const int SO_RCVTIMEO = 20;
    public const int SO_INCOMING_NAPI_ID = 56;
    public const int SOL_NETLINK = 270;
    public const int MSG_TRUNC = 0x20;
    public const short POLLIN = 1;
    public const int CLONE_NEWNET = 0x40000000;

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    private static partial int bind(int fd, sockaddr_nl* address, uint length);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    private static partial int setsockopt(int fd, int level, int name, void* value, uint length);

    [LibraryImport("libc", EntryPoint = "sendto", SetLastError = true)]
    private static partial nint sendto(int fd, byte* buffer, nuint length, int flags, sockaddr_nl* address, uint addressLength);

    [LibraryImport("libc", EntryPoint = "recvfrom", SetLastError = true)]
    private static partial nint recvfrom(int fd, byte* buffer, nuint length, int flags, sockaddr_nl* address, uint* addressLength);

    // In C, ioctl is variadic. On x64 and arm64, Linux passes variadic arguments in the same registers as other arguments.
    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int ioctl(int fd, nuint request, void* argument);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int poll(PollEntry* entries, nuint count, int timeout);

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int setns(int fd, int type);

    /// <summary>Moves only the calling thread into a network namespace (setns(2)).</summary>
    public static int EnterNetworkNamespace(int fd) => Libc.Result(setns(fd, CLONE_NEWNET));

    public static int Socket(int family, int type, int protocol) => Libc.Result(socket(family, type | SOCK_CLOEXEC, protocol));

    public static int Bind(int fd, sockaddr_nl* address) => Libc.Result(bind(fd, address, (uint)sizeof(sockaddr_nl)));

    public static int SetOption(int fd, int level, int name, int value) => Libc.Result(setsockopt(fd, level, name, &value, sizeof(int)));

    /// <summary>Sets the longest time that a receive waits (SO_RCVTIMEO).</summary>
    public static int SetReceiveTimeout(int fd, TimeSpan timeout)
    {
        long* value = stackalloc long[2];
        value[0] = (long)timeout.TotalSeconds;
        value[1] = timeout.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond;
        return Libc.Result(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, value, 2 * sizeof(long)));
    }

    /// <summary>Sends a message to the kernel.</summary>
    public static int Send(int fd, ReadOnlySpan<byte> message)
    {
        sockaddr_nl kernel = new() { nl_family = AF_NETLINK };
        fixed (byte* start = message)
        {
            return (int)Libc.Result(sendto(fd, start, (nuint)message.Length, 0, &kernel, (uint)sizeof(sockaddr_nl)));
        }
    }

    /// <summary>Receives one datagram. Returns its full length, even if the buffer is shorter.</summary>
    public static int Receive(int fd, Span<byte> buffer, out uint sender)
    {
        sockaddr_nl address = default;
        uint length = (uint)sizeof(sockaddr_nl);
        fixed (byte* start = buffer)
        {
            nint result = Libc.Result(recvfrom(fd, start, (nuint)buffer.Length, MSG_TRUNC, &address, &length));
            sender = address.nl_pid;
            return (int)result;
        }
    }

    public static int Control(int fd, uint request, void* argument) => Libc.Result(ioctl(fd, request, argument));

    /// <summary>Waits until one of two descriptors is readable. Returns false if the second one is readable.</summary>
    public static bool WaitForEither(int first, int second)
    {
        PollEntry* entries = stackalloc PollEntry[2];
        entries[0] = new PollEntry { Fd = first, Events = POLLIN };
        entries[1] = new PollEntry { Fd = second, Events = POLLIN };
        while (Libc.Result(poll(entries, 2, -1)) < 0)
        {
            // The call is repeated. Only a signal can have interrupted it, because the descriptors are valid.
        }

        return entries[1].ReturnedEvents == 0;
    }
}
