using System.Runtime.InteropServices;
using System.Text;

namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Represents one attribute of a netlink message. A value of an unexpected size counts as missing.</summary>
internal readonly ref struct NetlinkAttribute(ushort type, ReadOnlySpan<byte> value)
{
    public ushort Type { get; } = type;

    public ReadOnlySpan<byte> Value { get; } = value;

    public NetlinkAttributes Nested => new(Value);

    public byte? AsByte => Value.Length == sizeof(byte) ? Value[0] : null;

    public ushort? AsUInt16 => Value.Length == sizeof(ushort) ? MemoryMarshal.Read<ushort>(Value) : null;

    public uint? AsUInt32 => Value.Length == sizeof(uint) ? MemoryMarshal.Read<uint>(Value) : null;

    /// <summary>Gets the value as text, up to the terminating zero.</summary>
    public string AsText
    {
        get
        {
            int end = Value.IndexOf((byte)0);
            return Encoding.UTF8.GetString(end < 0 ? Value : Value[..end]);
        }
    }

    /// <summary>Gets the value as an array of 32-bit numbers; null when the length is not a multiple of four bytes.</summary>
    public uint[]? AsUInt32Array => Value.Length % sizeof(uint) == 0 ? MemoryMarshal.Cast<byte, uint>(Value).ToArray() : null;
}
