namespace Zcrx.Rx;

/// <summary>A number in front of each frame that says how long it is.</summary>
/// <remarks>Immutable. Use one of the static members, if need be <c>with { IncludesPrefix = true }</c>; the default value is refused.</remarks>
public readonly record struct LengthPrefix
{
    private LengthPrefix(int size, bool isLittleEndian)
    {
        Size = size;
        IsLittleEndian = isLittleEndian;
    }

    /// <summary>One byte: frames of up to 255 bytes.</summary>
    public static LengthPrefix UInt8 => new(sizeof(byte), false);

    /// <summary>Two bytes in network order: frames of up to 65,535 bytes.</summary>
    public static LengthPrefix UInt16BigEndian => new(sizeof(ushort), false);

    /// <summary>Two bytes, the low one first: frames of up to 65,535 bytes.</summary>
    public static LengthPrefix UInt16LittleEndian => new(sizeof(ushort), true);

    /// <summary>Four bytes in network order, without sign.</summary>
    public static LengthPrefix UInt32BigEndian => new(sizeof(uint), false);

    /// <summary>Four bytes, the low one first, without sign.</summary>
    public static LengthPrefix UInt32LittleEndian => new(sizeof(uint), true);

    /// <summary>Number of bytes of the prefix itself.</summary>
    public int Size { get; }

    /// <summary>Whether the least significant byte comes first.</summary>
    public bool IsLittleEndian { get; }

    /// <summary>Whether the number counts the prefix, too. A number smaller than the prefix is then an error. The prefix is never part of the frame.</summary>
    public bool IncludesPrefix { get; init; }
}
