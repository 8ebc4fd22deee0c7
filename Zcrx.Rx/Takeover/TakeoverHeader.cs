using System.Buffers.Binary;

namespace Zcrx.Rx.Takeover;

/// <summary>
/// Represents the 16 bytes before every message, little-endian: magic (4), version (2), type (2), payload length
/// (4), descriptors (2), zero (2).
/// </summary>
/// <remarks>The layout is the same in all versions, so that another version can be distinguished from other data.</remarks>
internal readonly record struct TakeoverHeader(ushort Version, TakeoverMessageType Type, int Length, int Descriptors)
{
    public const int Size = 16;

    /// <summary>The version of this library.</summary>
    public const ushort CurrentVersion = 1;

    /// <summary>The largest payload. A message fits into any Unix socket's buffer, so that sending never blocks.</summary>
    public const int MaxLength = 32 * 1024;

    // "ZCRT".
    private const uint Magic = 0x5452_435a;

    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(to[4..], Version);
        BinaryPrimitives.WriteUInt16LittleEndian(to[6..], (ushort)Type);
        BinaryPrimitives.WriteInt32LittleEndian(to[8..], Length);
        BinaryPrimitives.WriteUInt16LittleEndian(to[12..], (ushort)Descriptors);
        BinaryPrimitives.WriteUInt16LittleEndian(to[14..], 0);
    }

    /// <exception cref="InvalidDataException">The bytes are not a header, or exceed a limit.</exception>
    public static TakeoverHeader Read(ReadOnlySpan<byte> from)
    {
        if (BinaryPrimitives.ReadUInt32LittleEndian(from) != Magic)
        {
            throw new InvalidDataException("the received bytes are not a message of this protocol");
        }

        TakeoverHeader header = new(
            BinaryPrimitives.ReadUInt16LittleEndian(from[4..]),
            (TakeoverMessageType)BinaryPrimitives.ReadUInt16LittleEndian(from[6..]),
            BinaryPrimitives.ReadInt32LittleEndian(from[8..]),
            BinaryPrimitives.ReadUInt16LittleEndian(from[12..]));
        if (header.Length is < 0 or > MaxLength)
        {
            throw new InvalidDataException($"a message claims to have {(uint)header.Length} bytes; at most {MaxLength} are allowed");
        }

        if (header.Descriptors > Interop.Processes.DescriptorPassing.MaxDescriptors || BinaryPrimitives.ReadUInt16LittleEndian(from[14..]) != 0)
        {
            throw new InvalidDataException("a message's header is corrupt");
        }

        return header;
    }
}
