namespace Zcrx.AspNetCore.Tests;

/// <summary>Bytes that differ at every place.</summary>
internal static class Payload
{
    public static byte[] Create(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }
}
