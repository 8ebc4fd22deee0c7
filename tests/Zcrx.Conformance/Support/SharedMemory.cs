using System.Runtime.InteropServices;
using Zcrx.Interop.Kernel;

namespace Zcrx.Conformance.Support;

/// <summary>
/// Represents memory that two processes share. It is an unnamed file, which the second process opens through a descriptor of the first.
/// </summary>
internal sealed unsafe partial class SharedMemory : IDisposable
{
    private const int ReadWrite = 2;
    private readonly int _fd;

    private SharedMemory(int fd, nuint length)
    {
        _fd = fd;
        Length = length;
        Address = Libc.Map(0, length, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED, fd, 0);
        Assert.False(Libc.IsError(Address), $"mmap gives {Address}");
    }

    public nint Address { get; }

    public nuint Length { get; }

    /// <summary>Gets the path at which another process can open the memory.</summary>
    public string Path => $"/proc/{Environment.ProcessId}/fd/{_fd}";

    public static SharedMemory Create(nuint length)
    {
        int fd = Libc.Result(memfd_create("area", 0));
        Assert.True(fd >= 0, $"memfd_create gives {fd}");
        Assert.Equal(0, Libc.Result(ftruncate(fd, (nint)length)));
        return new SharedMemory(fd, length);
    }

    public static SharedMemory Open(string path, nuint length)
    {
        int fd = Libc.Result(open(path, ReadWrite));
        Assert.True(fd >= 0, $"open of {path} gives {fd}");
        return new SharedMemory(fd, length);
    }

    public void Dispose()
    {
        _ = Libc.Unmap(Address, Length);
        Posix.Close(_fd);
    }

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    private static partial int ftruncate(int fd, nint length);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);
}
