namespace Zcrx.Rx;

/// <summary>Represents the number before each frame that contains the frame's length.</summary>
/// <remarks>Immutable. Use a static member, optionally <c>with { IncludesPrefix = true }</c>. The default value is invalid.</remarks>
public readonly record struct LengthPrefix
{
    private LengthPrefix(int size, bool isLittleEndian)
    {
        Size = size;
        IsLittleEndian = isLittleEndian;
    }

    /// <summary>Gets a prefix of one byte, for frames of up to 255 bytes.</summary>
    public static LengthPrefix UInt8 => new(sizeof(byte), false);

    /// <summary>Gets a prefix of two bytes in network order, for frames of up to 65,535 bytes.</summary>
    public static LengthPrefix UInt16BigEndian => new(sizeof(ushort), false);

    /// <summary>Gets a prefix of two bytes, the low byte first, for frames of up to 65,535 bytes.</summary>
    public static LengthPrefix UInt16LittleEndian => new(sizeof(ushort), true);

    /// <summary>Gets an unsigned prefix of four bytes in network order.</summary>
    public static LengthPrefix UInt32BigEndian => new(sizeof(uint), false);

    /// <summary>Gets an unsigned prefix of four bytes, the low byte first.</summary>
    public static LengthPrefix UInt32LittleEndian => new(sizeof(uint), true);

    /// <summary>Gets the number of bytes of the prefix itself.</summary>
    public int Size { get; }

    /// <summary>Gets a value that indicates whether the least significant byte comes first.</summary>
    public bool IsLittleEndian { get; }

    /// <summary>Gets a value that indicates whether the length includes the prefix.</summary>
    /// <remarks>A length smaller than the prefix is then an error. The prefix is never part of the frame.</remarks>
    public bool IncludesPrefix { get; init; }
}
