using System.Runtime.InteropServices;

namespace Zcrx.Interop.Kernel;

/// <summary>
/// Declares the C library functions that Zcrx calls. Each method returns the kernel's result: a negative errno on failure.
/// </summary>
/// <remarks>
/// No method has <see cref="SuppressGCTransitionAttribute"/>, because each call can block or take longer than a microsecond.
/// </remarks>
internal static unsafe partial class Libc
{
    private const string Library = "libc";

    public const int PROT_READ = 1;
    public const int PROT_WRITE = 2;
    public const int MAP_SHARED = 1;
    public const int MAP_PRIVATE = 2;
    public const int MAP_ANONYMOUS = 0x20;
    public const int MAP_POPULATE = 0x8000;
    public const int MAP_HUGETLB = 0x40000;
    public const int MSG_DONTWAIT = 0x40;
    public const int MSG_NOSIGNAL = 0x4000;
    public const int MADV_DONTNEED = 4;
    public const int MADV_REMOVE = 9;
    public const int MADV_DONTFORK = 10;
    public const int MADV_HUGEPAGE = 14;
    public const int MADV_POPULATE_READ = 22;
    public const int MADV_POPULATE_WRITE = 23;
    public const uint MFD_CLOEXEC = 1;
    public const uint MFD_HUGETLB = 4;
    public const int EFD_CLOEXEC = 0x80000;
    public const int EFD_NONBLOCK = 0x800;

    [LibraryImport(Library, EntryPoint = "mmap", SetLastError = true)]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, int fd, nint offset);

    [LibraryImport(Library, EntryPoint = "munmap", SetLastError = true)]
    private static partial int munmap(nint address, nuint length);

    [LibraryImport(Library, EntryPoint = "madvise", SetLastError = true)]
    private static partial int madvise(nint address, nuint length, int advice);

    [LibraryImport(Library, EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);

    [LibraryImport(Library, EntryPoint = "ftruncate", SetLastError = true)]
    private static partial int ftruncate(int fd, nint length);

    [LibraryImport(Library, EntryPoint = "close", SetLastError = true)]
    private static partial int close(int fd);

    [LibraryImport(Library, EntryPoint = "connect", SetLastError = true)]
    private static partial int connect(int fd, byte* address, int length);

    [LibraryImport(Library, EntryPoint = "eventfd", SetLastError = true)]
    private static partial int eventfd(uint initial, int flags);

    [LibraryImport(Library, EntryPoint = "read", SetLastError = true)]
    private static partial nint read(int fd, void* buffer, nuint count);

    [LibraryImport(Library, EntryPoint = "write", SetLastError = true)]
    private static partial nint write(int fd, void* buffer, nuint count);

    [LibraryImport(Library, EntryPoint = "if_nametoindex", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial uint if_nametoindex(string name);

    [LibraryImport(Library, EntryPoint = "fcntl", SetLastError = true)]
    private static partial int fcntl(int fd, int command, int argument);

    [LibraryImport(Library, EntryPoint = "sendmsg", SetLastError = true)]
    private static partial nint sendmsg(int fd, MessageHeader* message, int flags);

    /// <summary>
    /// Sends several pieces of memory in one call. Does not wait, and raises no signal when the connection is broken (sendmsg(2)).
    /// </summary>
    /// <returns>The number of bytes that were sent, or a negative errno.</returns>
    public static nint Send(int fd, IoVector* pieces, int count)
    {
        MessageHeader message = new() { Vectors = pieces, VectorCount = (nuint)count };
        nint sent = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        return sent < 0 ? -Marshal.GetLastPInvokeError() : sent;
    }

    [LibraryImport(Library, EntryPoint = "recv", SetLastError = true)]
    private static partial nint recv(int fd, void* buffer, nuint length, int flags);

    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    private static partial int ioctl(int fd, nuint request, int* value);

    /// <summary>Discards received bytes of a socket, without waiting (recv(2), MSG_TRUNC).</summary>
    /// <returns>The number of discarded bytes; 0 at the end of the stream; otherwise a negative errno.</returns>
    public static nint Discard(int fd)
    {
        const int Truncate = 0x20;
        const int DontWait = 0x40;
        const int Length = 16 * 1024;
        // With MSG_TRUNC, TCP drops bytes without copying them. It can thus drop bytes in the memory of a NIC queue, which recv(2) cannot
        // copy. Other kinds of sockets copy the bytes into the buffer.
        byte* buffer = stackalloc byte[Length];
        return Result(recv(fd, buffer, Length, Truncate | DontWait));
    }

    /// <summary>Returns the number of bytes that the peer has not acknowledged (SIOCOUTQ); 0 when that is unknown.</summary>
    public static int BytesUnacknowledged(int fd)
    {
        const int OutputQueue = 0x5411;
        int bytes;
        return ioctl(fd, OutputQueue, &bytes) < 0 ? 0 : bytes;
    }

    /// <summary>Duplicates a descriptor (fcntl(2), F_DUPFD_CLOEXEC).</summary>
    public static int Duplicate(int fd)
    {
        const int DuplicateCloseOnExec = 1030;
        return Result(fcntl(fd, DuplicateCloseOnExec, 0));
    }

    /// <summary>Returns the index of a network interface (if_nametoindex(3)).</summary>
    public static int InterfaceIndex(string name) => if_nametoindex(name) is var index and not 0 ? (int)index : -Abi.Errno.ENODEV;

    [LibraryImport(Library, EntryPoint = "if_indextoname", SetLastError = true)]
    private static partial byte* if_indextoname(uint index, byte* name);

    /// <summary>Determines whether a network interface with this index exists (if_indextoname(3)).</summary>
    public static bool InterfaceExists(uint index)
    {
        // The constant IF_NAMESIZE of if.h.
        byte* name = stackalloc byte[16];
        return if_indextoname(index, name) != null;
    }

    [LibraryImport(Library, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, int mode);

    [LibraryImport(Library, EntryPoint = "fsync", SetLastError = true)]
    private static partial int fsync(int fd);

    /// <summary>
    /// Opens a directory (open(2)). The flag EFD_CLOEXEC equals O_CLOEXEC. The flag O_DIRECTORY is omitted, because its value differs
    /// between x64 and arm64.
    /// </summary>
    public static int OpenDirectory(string path) => Result(open(path, EFD_CLOEXEC, 0));

    /// <summary>Flushes a file to disk (fsync(2)).</summary>
    public static int Synchronize(int fd) => Result(fsync(fd));

    /// <summary>Maps memory (mmap(2)). Returns the address, which is positive in user space, or a negative errno.</summary>
    public static nint Map(nint address, nuint length, int protection, int flags, int fd, nint offset)
    {
        nint result = mmap(address, length, protection, flags, fd, offset);
        return result == -1 ? -Marshal.GetLastPInvokeError() : result;
    }

    public static int Unmap(nint address, nuint length) => Result(munmap(address, length));

    public static int Advise(nint address, nuint length, int advice) => Result(madvise(address, length, advice));

    public static int MemoryFile(string name, uint flags) => Result(memfd_create(name, flags));

    public static int Truncate(int fd, nint length) => Result(ftruncate(fd, length));

    public static int Close(int fd) => Result(close(fd));

    /// <summary>Resets a TCP connection without closing its socket.</summary>
    public static int Disconnect(int fd)
    {
        const int AddressLength = 16;
        // The address family AF_UNSPEC is 0. Connecting to such an address disconnects the socket and resets an established connection.
        byte* unspecified = stackalloc byte[AddressLength];
        new Span<byte>(unspecified, AddressLength).Clear();
        return Result(connect(fd, unspecified, AddressLength));
    }

    public static int EventFd(uint initial, int flags) => Result(eventfd(initial, flags));

    public static nint Read(int fd, void* buffer, nuint count) => Result(read(fd, buffer, count));

    public static nint Write(int fd, void* buffer, nuint count) => Result(write(fd, buffer, count));

    /// <summary>Converts a result of the C library (−1 and errno) to a result of the kernel (a negative errno).</summary>
    public static int Result(int result) => result < 0 ? -Marshal.GetLastPInvokeError() : result;

    /// <inheritdoc cref="Result(int)"/>
    public static nint Result(nint result) => result < 0 ? -Marshal.GetLastPInvokeError() : result;

    /// <summary>Determines whether the result of a mapping is an error. The kernel's errors are −1 to −4095.</summary>
    public static bool IsError(nint address) => address is < 0 and >= -4095;
}
