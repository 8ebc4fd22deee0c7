using System.Numerics;

namespace Zcrx.Benchmarks.Traffic;

/// <summary>
/// Computes the sum of all bytes. No cheaper checksum reads every byte and gives the same result however a stream is cut into chunks.
/// </summary>
internal static class ByteSum
{
    // Each round adds two bytes of at most 255 to a 16-bit lane. After 128 rounds it could overflow, so it is emptied.
    private const int RoundsPerBlock = 128;

    public static ulong Of(ReadOnlySpan<byte> bytes)
    {
        ulong sum = 0;
        int width = Vector<byte>.Count;
        while (bytes.Length >= width)
        {
            int rounds = int.Min(bytes.Length / width, RoundsPerBlock);
            Vector<ushort> lanes = Vector<ushort>.Zero;
            for (int i = 0; i < rounds; i++)
            {
                Vector.Widen(new Vector<byte>(bytes.Slice(i * width, width)), out Vector<ushort> low, out Vector<ushort> high);
                lanes += low + high;
            }

            Vector.Widen(lanes, out Vector<uint> first, out Vector<uint> second);
            sum += Vector.Sum(first + second);
            bytes = bytes[(rounds * width)..];
        }

        foreach (byte value in bytes)
        {
            sum += value;
        }

        return sum;
    }
}
