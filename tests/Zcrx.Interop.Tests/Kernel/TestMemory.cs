using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Tests.Kernel;

/// <summary>Whole pages, as a registration wants them.</summary>
internal sealed class TestMemory : IDisposable
{
    private readonly nuint _length;

    public TestMemory(int length)
    {
        _length = (nuint)length;
        Address = Libc.Map(0, _length, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS, -1, 0);
        Assert.False(Libc.IsError(Address), $"mmap: {Address}");
    }

    public nint Address { get; }

    public void Dispose() => Libc.Unmap(Address, _length);
}
