using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Memory;

/// <summary>Page-aligned anonymous memory outside the managed heap, optionally on huge pages.</summary>
/// <remarks>
/// Owner-counted: the queue holds one count and every buffer that is out another, so the memory outlives the last of them.
/// Thread-safe.
/// </remarks>
internal sealed class MemoryRegion
{
    private const nuint HugePageSize = 2 * 1024 * 1024;
    private int _owners = 1;

    private MemoryRegion(nint address, nuint length, bool hugePages)
    {
        Address = address;
        Length = length;
        IsHuge = hugePages;
    }

    public nint Address { get; }

    public nuint Length { get; }

    /// <summary>Whether explicit huge pages back the memory.</summary>
    public bool IsHuge { get; }

    /// <summary>How many hold the memory; 0 or less once it is unmapped.</summary>
    public int Owners => Volatile.Read(ref _owners);

    /// <summary>Maps memory of at least <paramref name="length"/> bytes, rounded up to whole (huge) pages, zeroed.</summary>
    public static MemoryRegion Allocate(nuint length, bool hugePages, string purpose)
    {
        nuint page = hugePages ? HugePageSize : (nuint)Environment.SystemPageSize;
        nuint rounded = (length + page - 1) / page * page;
        int flags = Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | (hugePages ? Libc.MAP_HUGETLB : 0);
        nint address = Libc.Map(0, rounded, Libc.PROT_READ | Libc.PROT_WRITE, flags, -1, 0);
        if (Libc.IsError(address))
        {
            throw new ZcrxMemoryException(
                $"allocate {rounded} bytes for {purpose}",
                (int)-address,
                hugePages ? "there are not enough free huge pages" : "the process may not map that much memory",
                hugePages ? "reserve them with `sysctl vm.nr_hugepages=N`, or turn huge pages off" : "lower the area size, or raise the memory limit of the process");
        }

        // A child process must not share pages that the kernel writes to behind its back.
        _ = Libc.Advise(address, rounded, Libc.MADV_DONTFORK);
        return new MemoryRegion(address, rounded, hugePages);
    }

    public void AddOwner() => Interlocked.Increment(ref _owners);

    /// <summary>Gives up one count; the last one unmaps.</summary>
    public void Release()
    {
        int left = Interlocked.Decrement(ref _owners);
        if (left == 0)
        {
            _ = Libc.Unmap(Address, Length);
        }
    }
}
