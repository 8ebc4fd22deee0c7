using System.Runtime.CompilerServices;

namespace Zcrx.Interop;

/// <summary>One area by value: what has to be known to find a completion's bytes, without going through the queue for each.</summary>
/// <remarks>Valid as long as the area. Made by <see cref="InterfaceQueue.ViewOf"/>.</remarks>
internal readonly unsafe struct AreaView
{
    private readonly byte* _address;
    private readonly ulong _token;
    private readonly ulong _length;

    /// <param name="address">Where the area lies.</param>
    /// <param name="token">Its id, where completions carry it: in the top bits.</param>
    /// <param name="length">Its bytes; 0 for an area that does not exist, so that nothing lies in it.</param>
    public AreaView(byte* address, ulong token, ulong length)
    {
        _address = address;
        _token = token;
        _length = length;
    }

    /// <summary>Whether a completion's bytes lie in this area, all of them; there must be at least one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Contains(ulong offset, int length)
    {
        // What belongs to another area, and a length that is not positive, become numbers that are far too large.
        ulong start = offset - _token;
        return start < _length && (ulong)(length - 1L) < _length - start;
    }

    /// <summary>Where the bytes are that a completion of this area points to.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Address(ulong offset) => _address + (nuint)(offset - _token);
}
