namespace Zcrx.Fuzz.Support;

/// <summary>Reads values from an input. After its end, all values are 0.</summary>
internal sealed class FuzzInput(byte[] bytes)
{
    private int _position;

    public bool IsEmpty => _position >= bytes.Length;

    public byte Byte() => IsEmpty ? (byte)0 : bytes[_position++];

    public ushort UInt16() => (ushort)(Byte() | (Byte() << 8));

    public uint UInt32() => UInt16() | ((uint)UInt16() << 16);

    public ulong UInt64() => UInt32() | ((ulong)UInt32() << 32);

    /// <summary>Reads a number below a limit.</summary>
    public int Below(int limit) => limit <= 1 ? 0 : limit <= 256 ? Byte() % limit : UInt16() % limit;

    /// <summary>Reads this number of bytes, or fewer at the end of the input.</summary>
    public byte[] Bytes(int count)
    {
        int length = Math.Min(count, bytes.Length - _position);
        byte[] result = bytes[_position..(_position + length)];
        _position += length;
        return result;
    }

    public byte[] Rest() => Bytes(bytes.Length);
}
