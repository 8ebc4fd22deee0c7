using Zcrx.Interop.Kernel;

namespace Zcrx.Fuzz.Support;

/// <summary>Represents memory between two inaccessible pages. An access outside of it ends the process.</summary>
internal sealed unsafe class GuardedMemory : IDisposable
{
    private const int None = 0;
    private const int Fixed = 0x10;

    private readonly nint _start;
    private readonly nuint _length;

    public GuardedMemory(int length)
    {
        nuint page = (nuint)Environment.SystemPageSize;
        Length = (nuint)length;
        nuint inner = (Length + page - 1) / page * page;
        _length = inner + (2 * page);
        _start = Checked(Libc.Map(0, _length, None, Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS, -1, 0));
        Checked(Libc.Map(_start + (nint)page, inner, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | Fixed, -1, 0));
        // The memory ends exactly where the inaccessible page starts.
        Address = (byte*)(_start + (nint)(page + inner - Length));
    }

    public byte* Address { get; }

    public nuint Length { get; }

    public void Dispose() => _ = Libc.Unmap(_start, _length);

    private static nint Checked(nint address) => Libc.IsError(address) ? throw new InvalidOperationException($"Could not map memory (errno {-address}).") : address;
}
