using System.Runtime.InteropServices;
using Zcrx.Interop.Kernel;

namespace Zcrx.TestSupport;

/// <summary>Represents page-aligned memory between two inaccessible pages. An access outside of it ends the process.</summary>
internal sealed unsafe partial class TestMemory : IDisposable
{
    private const int NoAccess = 0;

    private readonly nuint _mapped;
    private nint _mapping;

    public TestMemory(nuint length)
    {
        nuint page = (nuint)Environment.SystemPageSize;
        Length = (length + page - 1) / page * page;
        _mapped = Length + (2 * page);
        _mapping = Libc.Map(0, _mapped, NoAccess, Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS, -1, 0);
        Assert.False(Libc.IsError(_mapping), $"mmap of {_mapped} bytes gives {_mapping}");
        Address = _mapping + (nint)page;
        Protect(Libc.PROT_READ | Libc.PROT_WRITE);
        // Child processes do not inherit the memory, as with the memory of the library. The leak check counts memory with this flag.
        Assert.Equal(0, Libc.Advise(Address, Length, Libc.MADV_DONTFORK));
    }

    public nint Address { get; }

    public nuint Length { get; }

    public static nuint Page => (nuint)Environment.SystemPageSize;

    /// <summary>
    /// Gets a page-aligned address that is never mapped, because the kernel assigns addresses from the top. An address that was just
    /// unmapped would not do: another thread might map it again.
    /// </summary>
    public static nint Nowhere => (nint)Page;

    public void MakeReadOnly() => Protect(Libc.PROT_READ);

    public Span<byte> Span(nuint offset, int length) => new((byte*)Address + offset, length);

    /// <summary>Unmaps the memory. A second call does nothing, because the runtime may have got the same address since.</summary>
    public void Dispose()
    {
        nint mapping = Interlocked.Exchange(ref _mapping, 0);
        if (mapping != 0)
        {
            Assert.Equal(0, Libc.Unmap(mapping, _mapped));
        }
    }

    private void Protect(int protection) => Assert.Equal(0, Libc.Result(mprotect(Address, Length, protection)));

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int mprotect(nint address, nuint length, int protection);
}
