namespace Zcrx.Chaos.Soak;

/// <summary>
/// Computes the bytes of test streams. They are cheap to create and to compare, and differ between streams and positions.
/// </summary>
internal static class ChaosBytes
{
    // The period is prime, so the length of a lost or duplicated piece is not a multiple of it. Such a piece is therefore always detected.
    private const int Period = 65521;
    public const int MaxPiece = 32768;

    private static readonly byte[] Pattern = Create();

    public static ReadOnlyMemory<byte> At(int stream, long offset, int length) => Pattern.AsMemory(Start(stream, offset), length);

    public static bool Matches(int stream, long offset, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            int length = int.Min(bytes.Length, MaxPiece);
            if (!bytes[..length].SequenceEqual(At(stream, offset, length).Span))
            {
                return false;
            }

            bytes = bytes[length..];
            offset += length;
        }

        return true;
    }

    private static int Start(int stream, long offset) => (int)(((stream * 7919L) + offset) % Period);

    private static byte[] Create()
    {
        byte[] once = new byte[Period];
        new Random(20260101).NextBytes(once);
        return [.. once, .. once];
    }
}
