namespace Zcrx.AspNetCore.Tests;

/// <summary>Computes bytes whose values depend on their position.</summary>
internal static class Payload
{
    public static byte[] Create(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }
}
