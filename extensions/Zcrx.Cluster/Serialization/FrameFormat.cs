using System.Buffers.Binary;

namespace Zcrx.Cluster.Serialization;

/// <summary>
/// Defines the binary format of frames and acknowledgements. It consists of little-endian fields of fixed size, followed by the bytes of
/// the frames.
/// </summary>
/// <remarks>
/// Frames are most of the traffic between nodes, so copies are avoided. The writer fills the array that is sent, and the reader returns
/// frames inside the received array.
/// </remarks>
internal static class FrameFormat
{
    private const int GuidLength = 16;
    private const int AcknowledgementLength = GuidLength + sizeof(int) + sizeof(long);
    private const int EndedLength = GuidLength + sizeof(int);

    // The fields before the frames are source, partition, first, oldest and count.
    private const int ChunkHeader = GuidLength + sizeof(int) + sizeof(long) + sizeof(long) + sizeof(int);

    public static byte[] Write(FrameChunk chunk)
    {
        byte[] bytes = new byte[ChunkHeader + (chunk.Count * sizeof(int)) + chunk.Length];
        Span<byte> rest = WriteHead(bytes, chunk.Source, chunk.Partition);
        BinaryPrimitives.WriteInt64LittleEndian(rest, chunk.FirstSequence);
        BinaryPrimitives.WriteInt64LittleEndian(rest[sizeof(long)..], chunk.OldestUnacknowledged);
        BinaryPrimitives.WriteInt32LittleEndian(rest[(2 * sizeof(long))..], chunk.Count);
        rest = rest[((2 * sizeof(long)) + sizeof(int))..];
        foreach (int end in chunk.Ends)
        {
            BinaryPrimitives.WriteInt32LittleEndian(rest, end);
            rest = rest[sizeof(int)..];
        }

        chunk.Bytes.Span.CopyTo(rest);
        return bytes;
    }

    /// <exception cref="FormatException">The bytes are not a chunk.</exception>
    public static FrameChunk ReadChunk(byte[] bytes)
    {
        ReadOnlySpan<byte> rest = ReadHead(bytes, ChunkHeader, out Guid source, out int partition);
        long first = BinaryPrimitives.ReadInt64LittleEndian(rest);
        long oldest = BinaryPrimitives.ReadInt64LittleEndian(rest[sizeof(long)..]);
        int count = BinaryPrimitives.ReadInt32LittleEndian(rest[(2 * sizeof(long))..]);
        rest = rest[((2 * sizeof(long)) + sizeof(int))..];
        if (count <= 0 || count > rest.Length / sizeof(int) || first < 0 || oldest < 0 || oldest > first)
        {
            throw new FormatException($"{count} frames from {first} on do not fit the rest");
        }

        int length = rest.Length - (count * sizeof(int));
        int[] ends = new int[count];
        int last = 0;
        for (int i = 0; i < count; i++)
        {
            ends[i] = BinaryPrimitives.ReadInt32LittleEndian(rest[(i * sizeof(int))..]);
            if (ends[i] < last || ends[i] > length)
            {
                throw new FormatException($"frame {i} ends at {ends[i]} of {length} bytes, and starts at {last}");
            }

            last = ends[i];
        }

        return new FrameChunk(source, partition, first, oldest, ends, bytes.AsMemory(ChunkHeader + (count * sizeof(int)), last));
    }

    public static byte[] Write(FrameAcknowledgement acknowledgement)
    {
        byte[] bytes = new byte[AcknowledgementLength];
        BinaryPrimitives.WriteInt64LittleEndian(WriteHead(bytes, acknowledgement.Source, acknowledgement.Partition), acknowledgement.NextSequence);
        return bytes;
    }

    public static FrameAcknowledgement ReadAcknowledgement(byte[] bytes)
    {
        ReadOnlySpan<byte> rest = ReadHead(bytes, AcknowledgementLength, out Guid source, out int partition);
        return new FrameAcknowledgement(source, partition, BinaryPrimitives.ReadInt64LittleEndian(rest));
    }

    public static byte[] Write(FrameSourceEnded ended)
    {
        byte[] bytes = new byte[EndedLength];
        WriteHead(bytes, ended.Source, ended.Partition);
        return bytes;
    }

    public static FrameSourceEnded ReadSourceEnded(byte[] bytes)
    {
        ReadHead(bytes, EndedLength, out Guid source, out int partition);
        return new FrameSourceEnded(source, partition);
    }

    private static Span<byte> WriteHead(Span<byte> bytes, Guid source, int partition)
    {
        source.TryWriteBytes(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[GuidLength..], partition);
        return bytes[(GuidLength + sizeof(int))..];
    }

    private static ReadOnlySpan<byte> ReadHead(ReadOnlySpan<byte> bytes, int length, out Guid source, out int partition)
    {
        if (bytes.Length < length)
        {
            throw new FormatException($"{length} bytes are expected");
        }

        source = new Guid(bytes[..GuidLength]);
        partition = BinaryPrimitives.ReadInt32LittleEndian(bytes[GuidLength..]);
        return bytes[(GuidLength + sizeof(int))..];
    }
}
