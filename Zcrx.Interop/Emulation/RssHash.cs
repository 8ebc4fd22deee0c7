using System.Buffers.Binary;
using System.Net;

namespace Zcrx.Interop.Emulation;

/// <summary>
/// Computes the Toeplitz hash of a packet's addresses and ports. Network interfaces spread flows over their queues by this hash.
/// </summary>
/// <remarks>Uses the key that Microsoft published together with test vectors.</remarks>
internal static class RssHash
{
    private static ReadOnlySpan<byte> Key =>
    [
        0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0,
        0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c,
        0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
    ];

    /// <param name="source">The source of the packet.</param>
    /// <param name="destination">The destination, of the same address family.</param>
    public static uint Of(IPEndPoint source, IPEndPoint destination)
    {
        Span<byte> input = stackalloc byte[36];
        source.Address.TryWriteBytes(input, out int address);
        destination.Address.TryWriteBytes(input[address..], out _);
        BinaryPrimitives.WriteUInt16BigEndian(input[(2 * address)..], (ushort)source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(input[((2 * address) + 2)..], (ushort)destination.Port);
        return Of(input[..((2 * address) + 4)]);
    }

    private static uint Of(ReadOnlySpan<byte> input)
    {
        uint hash = 0;
        // The upper half contains the 32 bits of the key at the current bit. The lower half contains the following bits.
        ulong window = BinaryPrimitives.ReadUInt64BigEndian(Key);
        for (int i = 0; i < input.Length; i++)
        {
            for (int bit = 7; bit >= 0; bit--)
            {
                if ((input[i] >> bit & 1) != 0)
                {
                    hash ^= (uint)(window >> 32);
                }

                window <<= 1;
            }

            window |= i + 8 < Key.Length ? Key[i + 8] : 0u;
        }

        return hash;
    }
}
