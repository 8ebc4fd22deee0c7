using System.Buffers;
using System.Runtime.InteropServices;

namespace Zcrx.Interop.Leases;

/// <summary>Represents borrowed bytes as <see cref="Memory{T}"/>. Each access checks that the borrow lasts.</summary>
/// <remarks>Allocates an object for each piece of memory, so it is used only where borrows are checked.</remarks>
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
