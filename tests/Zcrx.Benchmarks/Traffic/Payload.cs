namespace Zcrx.Benchmarks.Traffic;

/// <summary>
/// Supplies the bytes of every connection: one seeded pseudo-random block that repeats. The receiver therefore knows the expected bytes.
/// </summary>
internal sealed class Payload
{
    // The block is larger than a core's second-level cache, so the sender reads from memory, as a real sender would.
    private const int BlockLength = 1 << 20;
    private const int Seed = 20_251;

    private readonly byte[] _block = new byte[BlockLength];

    public Payload() => new Random(Seed).NextBytes(_block);

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
