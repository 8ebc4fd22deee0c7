using System.Buffers.Binary;

namespace Zcrx.Rx.Takeover;

/// <summary>
/// Represents the 16 bytes before every message. The little-endian fields are magic (4), version (2), type (2), payload length (4),
/// descriptors (2) and zero (2).
/// </summary>
/// <remarks>All versions use this layout, so that a message of another version is recognized.</remarks>
internal readonly record struct TakeoverHeader(ushort Version, TakeoverMessageType Type, int Length, int Descriptors)
{
    public const int Size = 16;

    /// <summary>The version of the protocol that this library uses.</summary>
    public const ushort CurrentVersion = 1;

    /// <summary>
    /// The largest number of bytes in a payload. Such a message fits into the buffer of any Unix socket, so sending never blocks.
    /// </summary>
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

    /// <exception cref="InvalidDataException">The bytes are not a header, or a field exceeds its limit.</exception>
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
