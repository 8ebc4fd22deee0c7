namespace Zcrx.Actors.Tests.Support;

/// <summary>
/// Generates the bytes that clients send. Each byte depends only on its position in the stream, so lost, duplicated and reordered bytes are
/// detected.
/// </summary>
internal static class Payload
{
    public static byte[] Bytes(int length) => Bytes(0, length);

    public static byte[] Bytes(long position, int length)
    {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++)
        {
            bytes[i] = (byte)(((position + i) * 2654435761L) >> 11);
        }

        return bytes;
    }
}
