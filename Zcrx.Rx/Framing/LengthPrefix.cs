namespace Zcrx.Rx;

/// <summary>Represents the format of the number that precedes each frame and contains the frame's length.</summary>
/// <remarks>
/// Immutable. Use one of the static properties, and add <c>with { IncludesPrefix = true }</c> if the number counts the prefix.
/// The default value is invalid.
/// </remarks>
public readonly record struct LengthPrefix
{
    private LengthPrefix(int size, bool isLittleEndian)
    {
        Size = size;
        IsLittleEndian = isLittleEndian;
    }

    /// <summary>Gets an unsigned prefix of one byte, for frames of up to 255 bytes.</summary>
    public static LengthPrefix UInt8 => new(sizeof(byte), false);

    /// <summary>Gets an unsigned prefix of two bytes, the high byte first (network order), for frames of up to 65,535 bytes.</summary>
    public static LengthPrefix UInt16BigEndian => new(sizeof(ushort), false);

    /// <summary>Gets an unsigned prefix of two bytes, the low byte first, for frames of up to 65,535 bytes.</summary>
    public static LengthPrefix UInt16LittleEndian => new(sizeof(ushort), true);

    /// <summary>Gets an unsigned prefix of four bytes, the high byte first (network order).</summary>
    public static LengthPrefix UInt32BigEndian => new(sizeof(uint), false);

    /// <summary>Gets an unsigned prefix of four bytes, the low byte first.</summary>
    public static LengthPrefix UInt32LittleEndian => new(sizeof(uint), true);

    /// <summary>Gets the number of bytes in the prefix itself.</summary>
    public int Size { get; }

    /// <summary>Gets a value that indicates whether the least significant byte comes first.</summary>
    public bool IsLittleEndian { get; }

    /// <summary>Gets a value that indicates whether the number counts the prefix as well as the frame.</summary>
    /// <remarks>
    /// If true, a number smaller than the size of the prefix is an error. The prefix is never part of the delivered frame.
    /// </remarks>
    public bool IncludesPrefix { get; init; }
}
