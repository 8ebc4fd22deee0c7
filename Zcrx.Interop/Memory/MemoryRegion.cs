using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;
using Zcrx.Interop.Processes;

namespace Zcrx.Interop.Memory;

/// <summary>
/// Represents page-aligned memory outside the managed heap, optionally on huge pages. The memory is anonymous, or belongs to an unnamed
/// file that another process can map.
/// </summary>
/// <remarks>
/// Reference-counted: the queue owns one reference, and each leased buffer owns one. The last release unmaps the memory.
/// Threading: all members from any thread.
/// </remarks>
internal sealed class MemoryRegion
{
    private const nuint HugePageSize = 2 * 1024 * 1024;
    private readonly int _fd;
    private int _owners = 1;

    private MemoryRegion(nint address, nuint length, bool hugePages, int fd)
    {
        Address = address;
        Length = length;
        IsHuge = hugePages;
        _fd = fd;
    }

    public nint Address { get; }

    public nuint Length { get; }

    /// <summary>Gets a value indicating whether the memory consists of reserved huge pages.</summary>
    public bool IsHuge { get; }

    /// <summary>Gets a value indicating whether another process can map the memory.</summary>
    public bool IsShared => _fd >= 0;

    /// <summary>
    /// Gets the descriptor of the file; −1 for private memory. The descriptor is close-on-exec and valid as long as the memory.
    /// </summary>
    public int Fd => _fd;

    /// <summary>Gets the number of references; 0 or less once the memory is unmapped.</summary>
    public int Owners => Volatile.Read(ref _owners);

    /// <summary>
    /// Maps at least <paramref name="length"/> bytes of zeroed memory. The length is rounded up to whole pages or huge pages.
    /// </summary>
    public static MemoryRegion Allocate(nuint length, bool hugePages, string purpose, bool isShared = false)
    {
        nuint page = hugePages ? HugePageSize : (nuint)Environment.SystemPageSize;
        nuint rounded = (length + page - 1) / page * page;
        int fd = isShared ? CreateFile(rounded, hugePages, purpose) : -1;
        int flags = isShared ? Libc.MAP_SHARED : Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | (hugePages ? Libc.MAP_HUGETLB : 0);
        nint address = Libc.Map(0, rounded, Libc.PROT_READ | Libc.PROT_WRITE, flags, fd, 0);
        if (Libc.IsError(address))
        {
            CloseFile(fd);
            throw new ZcrxMemoryException(
                $"Allocating {rounded} bytes for {purpose}",
                (int)-address,
                hugePages ? "there are not enough free huge pages" : "the process may not map that much memory",
                hugePages ? "Reserve them with `sysctl vm.nr_hugepages=N`, or turn huge pages off" : "Lower the area size, or raise the memory limit of the process");
        }

        // A child process must not inherit pages that the kernel writes to.
        _ = Libc.Advise(address, rounded, Libc.MADV_DONTFORK);
        return new MemoryRegion(address, rounded, hugePages, fd);
    }

    /// <summary>Maps a dma-buf for reading.</summary>
    public static MemoryRegion Map(DmaBufArea dmaBuf)
    {
        nint address = Libc.Map(0, dmaBuf.Length, Libc.PROT_READ, Libc.MAP_SHARED, dmaBuf.Descriptor, (nint)dmaBuf.Offset);
        if (Libc.IsError(address))
        {
            throw new ZcrxMemoryException(
                $"Mapping {dmaBuf.Length} bytes of the dma-buf {dmaBuf.Descriptor} from {dmaBuf.Offset} on",
                (int)-address,
                "the descriptor is not a dma-buf, the dma-buf is shorter, or its exporter does not let processors read it",
                "Pass a descriptor of a dma-buf that can be mapped, and whole pages of it");
        }

        _ = Libc.Advise(address, dmaBuf.Length, Libc.MADV_DONTFORK);
        return new MemoryRegion(address, dmaBuf.Length, hugePages: false, fd: -1);
    }

    /// <summary>Maps an unnamed file that another process has created.</summary>
    /// <param name="fd">The file's descriptor. This method takes ownership of it, even if it throws.</param>
    /// <param name="length">The expected length in bytes.</param>
    /// <param name="hugePages">Whether the file is expected to lie on huge pages.</param>
    /// <param name="purpose">The purpose, for messages.</param>
    /// <exception cref="ZcrxMemoryException">The file is shorter, or cannot be mapped.</exception>
    public static MemoryRegion MapFile(int fd, nuint length, bool hugePages, string purpose)
    {
        int result = FileStatus.Of(fd, out FileStatus file);
        nint address = result < 0 ? result : file.Length < length ? -Errno.ENXIO : Libc.Map(0, length, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED, fd, 0);
        if (Libc.IsError(address))
        {
            CloseFile(fd);
            throw new ZcrxMemoryException(
                $"Mapping {length} bytes of another process for {purpose}", (int)-address, "the descriptor is not a file in memory, the file is shorter, or the process may not map that much memory", "Raise the memory limit of the process");
        }

        _ = Libc.Advise(address, length, Libc.MADV_DONTFORK);
        return new MemoryRegion(address, length, hugePages, fd);
    }

    public void AddOwner() => Interlocked.Increment(ref _owners);

    /// <summary>Releases one reference. The last release unmaps the memory.</summary>
    public void Release()
    {
        int left = Interlocked.Decrement(ref _owners);
        if (left == 0)
        {
            _ = Libc.Unmap(Address, Length);
            CloseFile(_fd);
        }
    }

    private static int CreateFile(nuint length, bool hugePages, string purpose)
    {
        int fd = Libc.MemoryFile("zcrx", Libc.MFD_CLOEXEC | (hugePages ? Libc.MFD_HUGETLB : 0));
        int result = fd < 0 ? fd : Libc.Truncate(fd, (nint)length);
        if (result < 0)
        {
            CloseFile(fd);
            throw new ZcrxMemoryException(
                $"Creating a file of {length} bytes in memory for {purpose}",
                -result,
                "the process may not have more files or memory, or a seccomp filter forbids memfd_create",
                "Raise the limit on open files, or use private memory");
        }

        return fd;
    }

    private static void CloseFile(int fd)
    {
        if (fd >= 0)
        {
            _ = Libc.Close(fd);
        }
    }
}
