using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Zcrx.Rx.Framing;

/// <summary>Finds frames that begin with a length prefix.</summary>
internal readonly struct LengthPrefixCutter(LengthPrefix prefix) : IFrameCutter
{
    private readonly int _size = prefix.Size;
    private readonly bool _isLittleEndian = prefix.IsLittleEndian;
    private readonly int _counted = prefix.IncludesPrefix ? prefix.Size : 0;

    public int Overhead => _size;

    public int LongestDelimiter => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public FrameDecision Cut(ReadOnlySpan<byte> span, ReadOnlyMemory<byte> memory, int position) => Cut(span[position..]);

    public FrameDecision CutEnd(in ReadOnlySequence<byte> rest) => FrameDecision.NeedMore();

    public FrameDecision Cut(in ReadOnlySequence<byte> held, long seen)
    {
        if (held.Length < _size)
        {
            return FrameDecision.NeedMore(_size);
        }

        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        held.Slice(0, _size).CopyTo(bytes);
        return Cut(bytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private FrameDecision Cut(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < _size)
        {
            return FrameDecision.NeedMore(_size);
        }

        // A long is used, because a 32-bit length above 2^31 must exceed every limit. As an int it would be negative.
        long length = Read(bytes) - _counted;
        return length >= 0 ? FrameDecision.Frame(_size, length) : Impossible(length + _counted);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private long Read(ReadOnlySpan<byte> bytes) => _size switch
    {
        sizeof(byte) => bytes[0],
        sizeof(ushort) => _isLittleEndian ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes),
        _ => _isLittleEndian ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes),
    };

    private FrameDecision Impossible(long announced) =>
        FrameDecision.Error($"it announces {announced} bytes including its prefix, but the prefix alone has {_size}");
}
