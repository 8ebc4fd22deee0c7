using System.Buffers.Binary;

namespace Zcrx.Fuzz;

/// <summary>Generates inputs. They are random bytes, or valid inputs that are changed, joined or cut off.</summary>
internal sealed class Mutator(Random random)
{
    /// <summary>The maximum length of an input.</summary>
    public const int MaxLength = 4096;

    // The limits of the integer types that parsers read, and the values next to them.
    private static readonly ulong[] Interesting =
    [
        0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 32, 63, 64, 127, 128, 255, 256, 4095, 4096, 32767, 32768, 65535, 65536, int.MaxValue - 1, int.MaxValue, 0x8000_0000, uint.MaxValue - 1, uint.MaxValue,
        1UL << 48, long.MaxValue, 1UL << 63, ulong.MaxValue - 1, ulong.MaxValue,
    ];

    /// <summary>Returns the next input.</summary>
    /// <param name="corpus">The inputs from which the next one is made.</param>
    public byte[] Next(IReadOnlyList<byte[]> corpus)
    {
        if (corpus.Count == 0 || random.Next(16) == 0)
        {
            byte[] noise = new byte[random.Next(1 << random.Next(1, 11))];
            random.NextBytes(noise);
            return noise;
        }

        List<byte> bytes = [.. corpus[random.Next(corpus.Count)]];
        for (int changes = 1 << random.Next(5); changes > 0; changes--)
        {
            Change(bytes, corpus);
        }

        return [.. bytes.Count > MaxLength ? bytes[..MaxLength] : bytes];
    }

    private void Change(List<byte> bytes, IReadOnlyList<byte[]> corpus)
    {
        if (bytes.Count == 0)
        {
            bytes.Add((byte)random.Next(256));
            return;
        }

        int at = random.Next(bytes.Count);
        int length = Math.Min(1 + random.Next(1 << random.Next(6)), bytes.Count - at);
        switch (random.Next(10))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                bytes[at] = (byte)random.Next(256);
                break;
            case 2:
                bytes[at] = (byte)(bytes[at] + random.Next(-4, 5));
                break;
            case 3:
                bytes.RemoveRange(at, length);
                break;
            case 4:
                bytes.InsertRange(at, bytes.GetRange(at, length));
                break;
            case 5:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 6:
                byte[] noise = new byte[length];
                random.NextBytes(noise);
                bytes.InsertRange(at, noise);
                break;
            case 7:
                byte[] other = corpus[random.Next(corpus.Count)];
                int from = random.Next(other.Length + 1);
                bytes.InsertRange(at, other[from..Math.Min(other.Length, from + random.Next(64))]);
                break;
            default:
                WriteNumber(bytes, at);
                break;
        }
    }

    private void WriteNumber(List<byte> bytes, int at)
    {
        Span<byte> number = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(number, Interesting[random.Next(Interesting.Length)]);
        int size = 1 << random.Next(4);
        if (random.Next(4) == 0)
        {
            number[..size].Reverse();
        }

        for (int i = 0; i < size && at + i < bytes.Count; i++)
        {
            bytes[at + i] = number[i];
        }
    }
}
