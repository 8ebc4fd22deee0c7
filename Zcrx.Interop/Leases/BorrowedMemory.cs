using System.Buffers;
using System.Runtime.InteropServices;

namespace Zcrx.Interop.Leases;

/// <summary>Represents borrowed bytes as <see cref="Memory{T}"/>. Each access checks that the borrow lasts.</summary>
/// <remarks>Each piece of memory needs an object, so this class is used only in checking mode.</remarks>
internal sealed class BorrowedMemory(ReadOnlyMemory<byte> memory, Loan loan) : MemoryManager<byte>
{
    public override Span<byte> GetSpan()
    {
        loan.Check();
        return MemoryMarshal.AsMemory(memory).Span;
    }

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        loan.Check();
        return memory[elementIndex..].Pin();
    }

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
