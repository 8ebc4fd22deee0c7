using System.Net;
using System.Runtime.InteropServices;
using Zcrx.Interop.Kernel;

namespace Zcrx.Conformance.Support;

/// <summary>Contains the C library calls that tests make. A failed call throws, unless its summary says otherwise.</summary>
internal static unsafe partial class Posix
{
    public const int AF_UNIX = 1;
    public const int AF_INET = 2;
    public const int SOCK_STREAM = 1;
    public const int SOCK_DGRAM = 2;
    public const int SOCK_NONBLOCK = 0x800;
    public const int SOCK_CLOEXEC = 0x80000;
    public const int SOL_SOCKET = 1;
    public const int IPPROTO_TCP = 6;
    public const int SO_REUSEADDR = 2;
    public const int SO_SNDBUF = 7;
    public const int SO_RCVBUF = 8;
    public const int SO_LINGER = 13;
    public const int TCP_NODELAY = 1;
    public const short POLLHUP = 0x10;
    public const short POLLRDHUP = 0x2000;
    public const int F_DUPFD_CLOEXEC = 1030;
    public const int SHUT_RD = 0;
    public const int SHUT_WR = 1;
    public const int MSG_DONTWAIT = 0x40;
    public const int MSG_NOSIGNAL = 0x4000;
    public const int O_CLOEXEC = 0x80000;
    public const int F_GETFD = 1;
    public const int FD_CLOEXEC = 1;
    private const nuint FIONREAD = 0x541B;
    private const string Library = "libc";

    [LibraryImport(Library, EntryPoint = "socket", SetLastError = true)]
    private static partial int socket(int domain, int type, int protocol);

    [LibraryImport(Library, EntryPoint = "socketpair", SetLastError = true)]
    private static partial int socketpair(int domain, int type, int protocol, int* pair);

    [LibraryImport(Library, EntryPoint = "pipe2", SetLastError = true)]
    private static partial int pipe2(int* pair, int flags);

    [LibraryImport(Library, EntryPoint = "bind", SetLastError = true)]
    private static partial int bind(int fd, void* address, uint length);

    [LibraryImport(Library, EntryPoint = "listen", SetLastError = true)]
    private static partial int listen(int fd, int backlog);

    [LibraryImport(Library, EntryPoint = "connect", SetLastError = true)]
    private static partial int connect(int fd, void* address, uint length);

    [LibraryImport(Library, EntryPoint = "accept4", SetLastError = true)]
    private static partial int accept4(int fd, void* address, void* length, int flags);

    [LibraryImport(Library, EntryPoint = "getsockname", SetLastError = true)]
    private static partial int getsockname(int fd, void* address, uint* length);

    [LibraryImport(Library, EntryPoint = "setsockopt", SetLastError = true)]
    private static partial int setsockopt(int fd, int level, int name, void* value, uint length);

    [LibraryImport(Library, EntryPoint = "getsockopt", SetLastError = true)]
    private static partial int getsockopt(int fd, int level, int name, void* value, uint* length);

    [LibraryImport(Library, EntryPoint = "send", SetLastError = true)]
    private static partial nint send(int fd, void* data, nuint length, int flags);

    [LibraryImport(Library, EntryPoint = "recv", SetLastError = true)]
    private static partial nint recv(int fd, void* buffer, nuint length, int flags);

    [LibraryImport(Library, EntryPoint = "poll", SetLastError = true)]
    private static partial int poll(PollEntry* entries, nuint count, int timeout);

    [LibraryImport(Library, EntryPoint = "shutdown", SetLastError = true)]
    private static partial int shutdown(int fd, int how);

    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    private static partial int ioctl(int fd, nuint request, void* argument);

    [LibraryImport(Library, EntryPoint = "fcntl", SetLastError = true)]
    private static partial int fcntl(int fd, int command, nint argument);

    [LibraryImport(Library, EntryPoint = "dup3", SetLastError = true)]
    private static partial int dup3(int fd, int number, int flags);

    [LibraryImport(Library, EntryPoint = "sched_getaffinity", SetLastError = true)]
    private static partial int sched_getaffinity(int thread, nuint size, ulong* mask);

    [LibraryImport(Library, EntryPoint = "sched_setaffinity", SetLastError = true)]
    private static partial int sched_setaffinity(int thread, nuint size, ulong* mask);

    /// <summary>Runs an action on each processor that the calling thread may use, one after another.</summary>
    public static void OnEachProcessor(Action action)
    {
        const int Words = 64;
        ulong* allowed = stackalloc ulong[Words];
        Check(sched_getaffinity(0, Words * sizeof(ulong), allowed));
        ulong* one = stackalloc ulong[Words];
        try
        {
            for (int processor = 0; processor < Words * 64; processor++)
            {
                ulong bit = 1ul << (processor % 64);
                if ((allowed[processor / 64] & bit) != 0)
                {
                    new Span<ulong>(one, Words).Clear();
                    one[processor / 64] = bit;
                    Check(sched_setaffinity(0, Words * sizeof(ulong), one));
                    action();
                }
            }
        }
        finally
        {
            Check(sched_setaffinity(0, Words * sizeof(ulong), allowed));
        }
    }

    public static int Socket(int domain, int type) => Check(socket(domain, type | SOCK_CLOEXEC, 0));

    public static (int First, int Second) UnixPair()
    {
        int* pair = stackalloc int[2];
        Check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
        return (pair[0], pair[1]);
    }

    public static (int Read, int Write) Pipe()
    {
        int* pair = stackalloc int[2];
        Check(pipe2(pair, O_CLOEXEC));
        return (pair[0], pair[1]);
    }

    /// <summary>Opens a listening socket, by default on a free port of the loopback interface.</summary>
    public static (int Fd, ushort Port) Listen(ushort port = 0, IPAddress? host = null)
    {
        int fd = Socket(AF_INET, SOCK_STREAM);
        // Connections of an earlier process may still be closing, and would otherwise block the port.
        SetOption(fd, SO_REUSEADDR, 1);
        Address address = Address.Of(host ?? IPAddress.Loopback, port);
        uint length = (uint)sizeof(Address);
        Check(bind(fd, &address, length));
        Check(listen(fd, 128));
        Check(getsockname(fd, &address, &length));
        return (fd, address.Port);
    }

    public static int Connect(ushort port, IPAddress? host = null)
    {
        int fd = Socket(AF_INET, SOCK_STREAM);
        Address address = Address.Of(host ?? IPAddress.Loopback, port);
        Check(connect(fd, &address, (uint)sizeof(Address)));
        return fd;
    }

    public static int Accept(int fd) => Check(accept4(fd, null, null, SOCK_CLOEXEC));

    public static void SetOption(int fd, int name, int value) => Check(setsockopt(fd, SOL_SOCKET, name, &value, sizeof(int)));

    /// <summary>Makes the next close send a reset instead of an orderly end.</summary>
    public static void ResetOnClose(int fd)
    {
        int* linger = stackalloc int[] { 1, 0 };
        Check(setsockopt(fd, SOL_SOCKET, SO_LINGER, linger, 2 * sizeof(int)));
    }

    /// <summary>Sends as many bytes as fit without waiting. Returns the number of bytes or a negative errno.</summary>
    public static int SendNow(int fd, ReadOnlySpan<byte> data)
    {
        fixed (byte* first = data)
        {
            return (int)Libc.Result(send(fd, first, (nuint)data.Length, MSG_DONTWAIT | MSG_NOSIGNAL));
        }
    }

    /// <summary>Reads the available bytes without waiting. Returns the number of bytes or a negative errno.</summary>
    public static int ReceiveNow(int fd, Span<byte> buffer)
    {
        fixed (byte* first = buffer)
        {
            return (int)Libc.Result(recv(fd, first, (nuint)buffer.Length, MSG_DONTWAIT));
        }
    }

    /// <summary>Makes the socket send small pieces at once (TCP_NODELAY).</summary>
    public static void SetNoDelay(int fd)
    {
        int on = 1;
        Check(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(int)));
    }

    /// <summary>Duplicates a descriptor to the lowest free number that is not below <paramref name="least"/>.</summary>
    public static int Duplicate(int fd, int least = 0) => Check(fcntl(fd, F_DUPFD_CLOEXEC, least));

    /// <summary>Closes a descriptor and gives its number to another file, in one system call.</summary>
    public static void Replace(int number, int file) => _ = Check(dup3(file, number, SOCK_CLOEXEC));

    /// <summary>Returns those of the given events that are ready now.</summary>
    public static short PollNow(int fd, short events)
    {
        PollEntry entry = new() { Fd = fd, Events = events };
        return Check(poll(&entry, 1, 0)) > 0 ? entry.ReturnedEvents : (short)0;
    }

    public static void Shutdown(int fd, int how) => Check(shutdown(fd, how));

    public static int BytesWaiting(int fd)
    {
        int bytes;
        Check(ioctl(fd, FIONREAD, &bytes));
        return bytes;
    }

    /// <summary>Returns the number of bytes in a TCP socket that the peer has not acknowledged.</summary>
    public static int BytesUnsent(int fd)
    {
        const int SIOCOUTQ = 0x5411;
        int bytes;
        Check(ioctl(fd, SIOCOUTQ, &bytes));
        return bytes;
    }

    /// <summary>Returns the number of retransmitted segments of a TCP socket.</summary>
    public static uint Retransmits(int fd)
    {
        const int TcpInfo = 11;
        // struct tcp_info: tcpi_total_retrans.
        const int TotalRetransmits = 100;
        byte* info = stackalloc byte[TotalRetransmits + sizeof(uint)];
        uint length = TotalRetransmits + sizeof(uint);
        Check(getsockopt(fd, IPPROTO_TCP, TcpInfo, info, &length));
        return *(uint*)(info + TotalRetransmits);
    }

    /// <summary>Describes the unacknowledged bytes of a TCP socket, for messages.</summary>
    public static string DescribeSending(int fd)
    {
        const int TcpInfo = 11;
        // struct tcp_info: tcpi_ca_state, tcpi_retransmits, tcpi_backoff, tcpi_rto.
        byte* info = stackalloc byte[12];
        uint length = 12;
        Check(getsockopt(fd, IPPROTO_TCP, TcpInfo, info, &length));
        return $"{BytesUnsent(fd)} bytes not acknowledged, congestion state {info[1]}, {info[2]} retransmissions unanswered, backoff {info[4]}, timeout {*(uint*)(info + 8) / 1000} ms, {Retransmits(fd)} sent again in all";
    }

    public static bool IsOpen(int fd) => fcntl(fd, F_GETFD, 0) >= 0;

    public static bool IsCloseOnExec(int fd) => (Check(fcntl(fd, F_GETFD, 0)) & FD_CLOEXEC) != 0;


    public static void Close(int fd) => Check(Libc.Close(fd));

    private static int Check(int result) => result >= 0 ? result : throw new InvalidOperationException($"a libc call failed with errno {Marshal.GetLastPInvokeError()}");

    /// <summary><c>struct pollfd</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Fd;
        public short Events;
        public short ReturnedEvents;
    }

    /// <summary><c>struct sockaddr_in</c>.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 16)]
    private struct Address
    {
        private ushort _family;
        private ushort _port;
        private uint _host;

        public readonly ushort Port => IPAddress.NetworkToHostOrder((short)_port) is var port ? (ushort)port : (ushort)0;

        public static Address Of(IPAddress host, ushort port)
        {
            uint bytes = 0;
            Assert.True(host.TryWriteBytes(new Span<byte>(&bytes, sizeof(uint)), out _), $"{host} is an IPv4 address");
            return new Address { _family = AF_INET, _port = (ushort)IPAddress.HostToNetworkOrder((short)port), _host = bytes };
        }
    }
}
