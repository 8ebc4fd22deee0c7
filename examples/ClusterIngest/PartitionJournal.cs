using System.Buffers;
using System.Buffers.Binary;
using Zcrx.Cluster;

namespace ClusterIngest;

/// <summary>Stores the frames that the entity of one partition has taken, together with the position of their source.</summary>
/// <remarks>
/// Each chunk is one record. It has the source, the next number, the count, and the connection and number of each frame. One write stores
/// the whole record, so frames and position are stored together or not at all. If the process ends during a write, the incomplete record is
/// removed when the file is opened again.
/// </remarks>
internal sealed class PartitionJournal : IDisposable
{
    private const int GuidLength = 16;
    private const int Header = GuidLength + sizeof(long) + sizeof(int);
    private const int Entry = 2 * sizeof(int);
    private const string Extension = ".journal";

    private readonly FileStream _file;

    public PartitionJournal(string directory, string partition)
    {
        string path = Path.Combine(directory, partition + Extension);
        _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        Dictionary<Guid, long> positions = [];
        _file.SetLength(Read(_file, (source, next, _) => positions[source] = next));
        _file.Seek(0, SeekOrigin.End);
        Positions = positions;
    }

    /// <summary>Gets the positions that were stored when the journal was opened.</summary>
    public IReadOnlyDictionary<Guid, long> Positions { get; }

    /// <summary>Returns all frames of all journals in a directory.</summary>
    public static IReadOnlyList<DemoFrame> ReadAll(string directory)
    {
        List<DemoFrame> frames = [];
        foreach (string path in Directory.EnumerateFiles(directory, "*" + Extension))
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            Read(file, (_, _, entries) =>
            {
                for (; !entries.IsEmpty; entries = entries[Entry..])
                {
                    frames.Add(new DemoFrame(BinaryPrimitives.ReadInt32LittleEndian(entries), BinaryPrimitives.ReadInt32LittleEndian(entries[sizeof(int)..]), 0));
                }
            });
        }

        return frames;
    }

    public void Append(FrameChunk chunk, IReadOnlyList<ShardFrame> frames)
    {
        int length = Header + (frames.Count * Entry);
        byte[] record = ArrayPool<byte>.Shared.Rent(length);
        Span<byte> rest = record;
        chunk.Source.TryWriteBytes(rest);
        BinaryPrimitives.WriteInt64LittleEndian(rest[GuidLength..], chunk.NextSequence);
        BinaryPrimitives.WriteInt32LittleEndian(rest[(GuidLength + sizeof(long))..], frames.Count);
        rest = rest[Header..];
        foreach (ShardFrame frame in frames)
        {
            DemoFrame content = DemoFrame.Read(frame.Memory.Span);
            BinaryPrimitives.WriteInt32LittleEndian(rest, content.Connection);
            BinaryPrimitives.WriteInt32LittleEndian(rest[sizeof(int)..], content.Number);
            rest = rest[Entry..];
        }

        _file.Write(record, 0, length);
        ArrayPool<byte>.Shared.Return(record);
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Reads all complete records.</summary>
    /// <returns>The length of the file up to the end of the last complete record.</returns>
    private static long Read(FileStream file, RecordHandler handle)
    {
        byte[] bytes = new byte[file.Length];
        file.Seek(0, SeekOrigin.Begin);
        int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        ReadOnlySpan<byte> rest = bytes.AsSpan(0, length);
        while (rest.Length >= Header)
        {
            int entries = BinaryPrimitives.ReadInt32LittleEndian(rest[(GuidLength + sizeof(long))..]) * Entry;
            if (rest.Length - Header < entries)
            {
                break;
            }

            handle(new Guid(rest[..GuidLength]), BinaryPrimitives.ReadInt64LittleEndian(rest[GuidLength..]), rest.Slice(Header, entries));
            rest = rest[(Header + entries)..];
        }

        return length - rest.Length;
    }

    private delegate void RecordHandler(Guid source, long next, ReadOnlySpan<byte> entries);
}
