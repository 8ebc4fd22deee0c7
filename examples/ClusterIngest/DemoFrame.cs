using System.Buffers;
using System.Buffers.Binary;

namespace ClusterIngest;

/// <summary>Represents the content of a frame: its connection, its number and its key. The rest of the frame is padding.</summary>
internal readonly record struct DemoFrame(int Connection, int Number, int Key)
{
    public const int Header = 3 * sizeof(int);
    public const int Prefix = sizeof(int);
    public const int Keys = 10_000;

    /// <summary>The number of bytes of the confirmation that the edge sends at the end of a connection.</summary>
    public const int Confirmation = sizeof(long);

    private const int KeyOffset = 2 * sizeof(int);

    public static ReadOnlySequence<byte> KeyOf(ReadOnlySequence<byte> frame) => frame.Slice(KeyOffset, sizeof(int));

    public static DemoFrame Read(ReadOnlySpan<byte> frame) => new(
        BinaryPrimitives.ReadInt32BigEndian(frame),
        BinaryPrimitives.ReadInt32BigEndian(frame[sizeof(int)..]),
        BinaryPrimitives.ReadInt32BigEndian(frame[KeyOffset..]));

    /// <summary>Writes the length and then the frame.</summary>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt32BigEndian(destination, destination.Length - Prefix);
        BinaryPrimitives.WriteInt32BigEndian(destination[Prefix..], Connection);
        BinaryPrimitives.WriteInt32BigEndian(destination[(Prefix + sizeof(int))..], Number);
        BinaryPrimitives.WriteInt32BigEndian(destination[(Prefix + KeyOffset)..], Key);
    }
}
