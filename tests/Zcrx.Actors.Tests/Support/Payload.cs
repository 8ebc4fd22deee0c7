namespace Zcrx.Actors.Tests.Support;

/// <summary>The bytes that clients send. Each depends on its position in the stream, so that lost, doubled and reordered bytes are found.</summary>
internal static class Payload
{
    public static byte[] Bytes(int length) => Bytes(0, length);

    public static byte[] Bytes(int position, int length) => [.. Enumerable.Range(position, length).Select(static at => (byte)((at * 2654435761L) >> 11))];
}
