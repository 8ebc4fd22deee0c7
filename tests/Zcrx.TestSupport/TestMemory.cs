using System.Runtime.InteropServices;
using Zcrx.Interop.Kernel;

namespace Zcrx.TestSupport;

/// <summary>Represents page-aligned memory between two guard pages. An access outside of the memory faults.</summary>
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
        // Like the memory of the library, it is not copied into child processes. The leak check finds memory by this flag.
        Assert.Equal(0, Libc.Advise(Address, Length, Libc.MADV_DONTFORK));
    }

    public nint Address { get; }

    public nuint Length { get; }

    public static nuint Page => (nuint)Environment.SystemPageSize;

    /// <summary>
    /// Gets a page-aligned address that is never mapped, because the kernel allocates addresses from the top. An address that was unmapped
    /// for this purpose is unsuitable, because another thread may map it again at once.
    /// </summary>
    public static nint Nowhere => (nint)Page;

    public void MakeReadOnly() => Protect(Libc.PROT_READ);

    public Span<byte> Span(nuint offset, int length) => new((byte*)Address + offset, length);

    /// <summary>
    /// Unmaps the memory once. A second call does nothing, because it could unmap memory that the runtime got at this address.
    /// </summary>
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
