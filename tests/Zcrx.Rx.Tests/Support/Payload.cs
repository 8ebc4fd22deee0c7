namespace Zcrx.Rx.Tests.Support;

/// <summary>
/// Computes the bytes of test streams. Each byte depends on its position, so a lost, duplicated or swapped piece is detected.
/// </summary>
internal static class Payload
{
    // A lost piece would go undetected if its length were a multiple of the period. Most pieces have a power of two as their length, which
    // is never a multiple of this prime.
    private const int Period = 65521;
    private const int LongestPiece = 1 << 17;

    private static readonly byte[] Table = MakeTable();

    /// <summary>Returns bytes of a stream from a position on. Two streams have different bytes at every position.</summary>
    public static ReadOnlySpan<byte> At(int stream, long position, int length) => Memory(stream, position, length).Span;

    /// <inheritdoc cref="At"/>
    public static ReadOnlyMemory<byte> Memory(int stream, long position, int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, LongestPiece);
        return Table.AsMemory((int)((position + ((long)stream * 7919)) % Period), length);
    }

    /// <summary>
    /// Determines whether these are the bytes of a stream at a position. They may be more than <see cref="LongestPiece"/>.
    /// </summary>
    public static bool Matches(ReadOnlySpan<byte> bytes, int stream, long position)
    {
        while (!bytes.IsEmpty)
        {
            ReadOnlySpan<byte> piece = bytes[..Math.Min(bytes.Length, LongestPiece)];
            if (!piece.SequenceEqual(At(stream, position, piece.Length)))
            {
                return false;
            }

            position += piece.Length;
            bytes = bytes[piece.Length..];
        }

        return true;
    }

    private static byte[] MakeTable()
    {
        byte[] table = new byte[Period + LongestPiece];
        new Random(20260701).NextBytes(table.AsSpan(0, Period));
        for (int i = Period; i < table.Length; i++)
        {
            table[i] = table[i - Period];
        }

        return table;
    }
}
