namespace Zcrx.Actors.Tests.Streams;

/// <summary>What the peers send: any position's byte can be told without the ones before it.</summary>
internal static class StreamBytes
{
    public static byte[] At(long position, int length)
    {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++)
        {
            bytes[i] = (byte)(((position + i) * 2654435761L) >> 11);
        }

        return bytes;
    }
}
