using System.Buffers.Binary;

namespace Zcrx.Benchmarks.Traffic;

/// <summary>
/// Supplies the bytes of every connection: one seeded pseudo-random block of length-prefixed frames, repeated. The receiver
/// therefore knows what must arrive.
/// </summary>
internal sealed class Payload
{
    /// <summary>The length of the prefix of a frame, which contains the length of the rest.</summary>
    public const int PrefixLength = sizeof(int);

    /// <summary>The length of a frame with its prefix.</summary>
    public const int FrameLength = 1024;

    // The block is larger than a core's second-level cache, so the sender reads from memory, as a real sender would.
    private const int BlockLength = 1 << 20;
    private const int Seed = 20_251;

    private readonly byte[] _block = new byte[BlockLength];

    public Payload()
    {
        new Random(Seed).NextBytes(_block);
        for (int i = 0; i < BlockLength; i += FrameLength)
        {
            BinaryPrimitives.WriteInt32BigEndian(_block.AsSpan(i), FrameLength - PrefixLength);
        }
    }

    /// <summary>Returns the contiguous bytes at a position of the stream.</summary>
    public ReadOnlyMemory<byte> At(long position, int atMost)
    {
        int start = (int)(position & (BlockLength - 1));
        return _block.AsMemory(start, int.Min(atMost, BlockLength - start));
    }

    /// <summary>Returns the sum of the first bytes of a stream, as <see cref="ByteSum"/> computes it.</summary>
    public ulong SumOf(long bytes)
    {
        ulong whole = ByteSum.Of(_block) * (ulong)(bytes / BlockLength);
        return whole + ByteSum.Of(_block.AsSpan(0, (int)(bytes % BlockLength)));
    }
}
