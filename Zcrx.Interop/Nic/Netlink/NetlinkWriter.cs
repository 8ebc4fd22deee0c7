using System.Runtime.InteropServices;
using System.Text;
using Zcrx.Interop.Abi;

namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Writes one netlink message into a span. All messages have a known size, so a span that is too small is a defect.</summary>
internal ref struct NetlinkWriter
{
    private readonly Span<byte> _buffer;
    private int _length;

    public NetlinkWriter(Span<byte> buffer, ushort type, ushort flags)
    {
        _buffer = buffer;
        Append(new nlmsghdr { nlmsg_type = type, nlmsg_flags = flags });
    }

    /// <summary>Sets the length in the header and returns the message.</summary>
    public readonly ReadOnlySpan<byte> Finish()
    {
        BitConverter.TryWriteBytes(_buffer, (uint)_length);
        return _buffer[.._length];
    }

    /// <summary>Writes the fixed part of the message, which follows the header.</summary>
    public void Append<T>(T value)
        where T : unmanaged
    {
        MemoryMarshal.Write(_buffer[_length..], value);
        Pad(_length + Marshal.SizeOf<T>());
    }

    public void Add(ushort type, byte value) => Add(type, [value]);

    public void Add(ushort type, uint value) => Add(type, MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in value)));

    public void Add(ushort type, string value) => Add(type, Encoding.UTF8.GetBytes(value + '\0'));

    public void Add(ushort type, scoped ReadOnlySpan<byte> value)
    {
        Append(new nlattr { nla_len = (ushort)(Marshal.SizeOf<nlattr>() + value.Length), nla_type = type });
        value.CopyTo(_buffer[_length..]);
        Pad(_length + value.Length);
    }

    /// <summary>Begins a nested attribute. Returns the position that <see cref="EndNested"/> needs.</summary>
    public int BeginNested(ushort type)
    {
        int start = _length;
        Append(new nlattr { nla_type = (ushort)(type | LinuxNetlink.NLA_F_NESTED) });
        return start;
    }

    public readonly void EndNested(int start) => BitConverter.TryWriteBytes(_buffer[start..], (ushort)(_length - start));

    private void Pad(int end)
    {
        _length = NetlinkMessages.Align(end);
        _buffer[end.._length].Clear();
    }
}
