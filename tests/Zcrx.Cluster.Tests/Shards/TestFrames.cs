using System.Buffers;
using System.Buffers.Binary;

namespace Zcrx.Cluster.Tests.Shards;

/// <summary>Creates and parses frames with a length prefix. Each frame contains its connection, its key and its number.</summary>
internal static class TestFrames
{
    public const int Header = 3 * sizeof(int);
    public const int Keys = 40;

    public static byte[] Stream(int connection, int count, int length = Header)
    {
        byte[] stream = new byte[count * (sizeof(int) + length)];
        Span<byte> rest = stream;
        for (int number = 0; number < count; number++)
        {
            BinaryPrimitives.WriteInt32BigEndian(rest, length);
            BinaryPrimitives.WriteInt32BigEndian(rest[4..], connection);
            BinaryPrimitives.WriteInt32BigEndian(rest[8..], number % Keys);
            BinaryPrimitives.WriteInt32BigEndian(rest[12..], number);
            rest = rest[(sizeof(int) + length)..];
        }

        return stream;
    }

    public static (int Connection, int Key, int Number) Read(ReadOnlySpan<byte> frame) =>
        (BinaryPrimitives.ReadInt32BigEndian(frame), BinaryPrimitives.ReadInt32BigEndian(frame[4..]), BinaryPrimitives.ReadInt32BigEndian(frame[8..]));

    public static ReadOnlySequence<byte> Key(ReadOnlySequence<byte> frame) => frame.Slice(4, 4);
}
