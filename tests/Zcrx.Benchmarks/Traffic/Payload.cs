using System.Buffers.Binary;

namespace Zcrx.Benchmarks.Traffic;

/// <summary>
/// Provides the bytes of every connection. They are length-prefixed frames with pseudo-random content, in a block that is repeated. The
/// receiver therefore knows what must arrive.
/// </summary>
internal sealed class Payload
{
    /// <summary>The length of a frame's prefix. The prefix contains the length of the rest of the frame.</summary>
    public const int PrefixLength = sizeof(int);

    /// <summary>The length of a frame, including its prefix.</summary>
    public const int FrameLength = 1024;

    // The block is larger than the second-level cache of a core. The sender therefore reads from memory, as real senders do.
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

    /// <summary>Returns bytes of the stream from a position on, as far as they are contiguous.</summary>
    public ReadOnlyMemory<byte> At(long position, int atMost)
    {
        int start = (int)(position & (BlockLength - 1));
        return _block.AsMemory(start, int.Min(atMost, BlockLength - start));
    }

    /// <summary>Returns the sum of the first bytes of the stream, as <see cref="ByteSum"/> computes it.</summary>
    public ulong SumOf(long bytes)
    {
        ulong whole = ByteSum.Of(_block) * (ulong)(bytes / BlockLength);
        return whole + ByteSum.Of(_block.AsSpan(0, (int)(bytes % BlockLength)));
    }
}
