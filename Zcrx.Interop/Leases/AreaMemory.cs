using System.Buffers;
using System.Runtime.InteropServices;

namespace Zcrx.Interop.Leases;

/// <summary>
/// Provides an area as <see cref="Memory{T}"/>. A Memory has an int length, so the area is divided into pieces of at most one GiB.
/// </summary>
internal sealed unsafe class AreaMemory
{
    private const int PieceShift = 30;

    private readonly byte* _address;
    private readonly ReadOnlyMemory<byte>[] _pieces;

    public AreaMemory(nint address, nuint length)
    {
        _address = (byte*)address;
        _pieces = new ReadOnlyMemory<byte>[(int)((length + (1u << PieceShift) - 1) >> PieceShift)];
        for (int i = 0; i < _pieces.Length; i++)
        {
            nuint start = (nuint)i << PieceShift;
            int size = (int)nuint.Min(length - start, 1u << PieceShift);
            _pieces[i] = new Piece((byte*)address + start, size).Memory;
        }
    }

    /// <summary>
    /// Returns a part of one buffer without an allocation. Accesses to the result do not check whether the borrow has ended.
    /// </summary>
    public ReadOnlyMemory<byte> Slice(byte* address, int length)
    {
        // Buffer lengths are powers of two, so every buffer lies in one piece.
        nuint offset = (nuint)(address - _address);
        return _pieces[(int)(offset >> PieceShift)].Slice((int)(offset & ((1u << PieceShift) - 1)), length);
    }

    /// <summary>Determines whether memory belongs to a borrowed buffer. The result is false for the memory of a lease.</summary>
    public static bool IsBorrowed(ReadOnlyMemory<byte> memory) =>
        MemoryMarshal.TryGetMemoryManager<byte, Piece>(memory, out _) || MemoryMarshal.TryGetMemoryManager<byte, BorrowedMemory>(memory, out _);

    private sealed class Piece(byte* address, int length) : MemoryManager<byte>
    {
        public override Span<byte> GetSpan() => new(address, length);

        // The memory never moves, so pinning needs no work.
        public override MemoryHandle Pin(int elementIndex = 0) => new(address + elementIndex);

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
