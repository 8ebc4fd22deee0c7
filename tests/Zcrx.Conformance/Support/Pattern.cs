namespace Zcrx.Conformance.Support;

/// <summary>
/// Computes the bytes that every connection sends. Each byte depends on its position, so a lost, duplicated or swapped piece is detected.
/// </summary>
internal static class Pattern
{
    public static byte At(long position)
    {
        // This multiplicative hash gives neighbours different values, and it has no period that divides a page.
        ulong mixed = (ulong)position * 0x9E3779B97F4A7C15;
        return (byte)(mixed >> 56);
    }

    public static void Fill(Span<byte> target, long position)
    {
        for (int i = 0; i < target.Length; i++)
        {
            target[i] = At(position + i);
        }
    }

    public static bool IsAt(ReadOnlySpan<byte> bytes, long position)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] != At(position + i))
            {
                return false;
            }
        }

        return true;
    }

    public static void AssertAt(ReadOnlySpan<byte> bytes, long position)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] != At(position + i))
            {
                Assert.Fail($"byte {position + i} of the stream is {bytes[i]:x2}, expected {At(position + i):x2} ({i} bytes into a piece of {bytes.Length})");
            }
        }
    }
}
