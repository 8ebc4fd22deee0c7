using System.Text;

namespace Zcrx.Rx.Takeover;

/// <summary>
/// Reads and writes payloads: little-endian numbers, and texts as UTF-8 after their length. A malformed payload causes an
/// <see cref="InvalidDataException"/>.
/// </summary>
internal static class TakeoverPayload
{
    private const int LongestText = 4096;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static byte[] Write(Action<BinaryWriter> write)
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream, Utf8);
        write(writer);
        writer.Flush();
        return stream.ToArray();
    }

    /// <exception cref="InvalidDataException">The payload is corrupt, or has bytes after its end.</exception>
    public static T Read<T>(byte[] payload, Func<BinaryReader, T> read)
    {
        try
        {
            using MemoryStream stream = new(payload, writable: false);
            using BinaryReader reader = new(stream, Utf8);
            T message = read(reader);
            return stream.Position == stream.Length ? message : throw new InvalidDataException("a message has bytes after its end");
        }
        catch (Exception exception) when (exception is IOException or FormatException or ArgumentException)
        {
            throw new InvalidDataException("a message is corrupt", exception);
        }
    }

    /// <summary>Reads a text that is safe in a log line.</summary>
    public static string ReadText(BinaryReader reader)
    {
        string text = reader.ReadString();
        return text.Length <= LongestText && !text.Any(char.IsControl) ? text : throw new InvalidDataException("a text in a message is too long or contains control characters");
    }

    /// <summary>Cuts a text to the length that can be sent.</summary>
    public static string Fit(string text)
    {
        string line = new([.. text.Select(static character => char.IsControl(character) || char.IsSurrogate(character) ? ' ' : character).Take(LongestText / 4)]);
        return line;
    }

    /// <summary>Reads the number of items of a list, each of which takes at least a byte.</summary>
    public static int ReadCount(BinaryReader reader, int limit)
    {
        int count = reader.ReadUInt16();
        return count <= limit ? count : throw new InvalidDataException($"a message claims to list {count} items; at most {limit} are allowed");
    }
}
