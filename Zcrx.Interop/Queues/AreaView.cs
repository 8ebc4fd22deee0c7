using System.Runtime.CompilerServices;

namespace Zcrx.Interop;

/// <summary>Represents one area by value. Finds the buffers of several completions without access to the queue.</summary>
/// <remarks>Valid as long as the area. <see cref="Queues.AreaTable.ViewOf"/> creates it.</remarks>
internal readonly unsafe struct AreaView
{
    private readonly byte* _address;
    private readonly ulong _token;
    private readonly ulong _length;

    /// <param name="address">The address of the area.</param>
    /// <param name="token">The area's token, which has the area id in the top 16 bits.</param>
    /// <param name="length">The length in bytes; 0 for an area that does not exist.</param>
    public AreaView(byte* address, ulong token, ulong length)
    {
        _address = address;
        _token = token;
        _length = length;
    }

    /// <summary>Determines whether all bytes of a completion lie in this area. Returns false for a length below 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Contains(ulong offset, int length)
    {
        // For an offset in another area or a length below 1, the unsigned subtraction wraps to a number beyond any length.
        ulong start = offset - _token;
        return start < _length && (ulong)(length - 1L) < _length - start;
    }

    /// <summary>Returns the address of a completion's bytes in this area.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Address(ulong offset) => _address + (nuint)(offset - _token);
}
