using System.Text;

namespace Zcrx.Rx.Takeover;

/// <summary>Payloads: little-endian numbers, and texts as UTF-8 behind their length. Whatever cannot be read is an <see cref="InvalidDataException"/>.</summary>
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

    /// <exception cref="InvalidDataException">It is corrupt, or longer than what it says.</exception>
    public static T Read<T>(byte[] payload, Func<BinaryReader, T> read)
    {
        try
        {
            using MemoryStream stream = new(payload, writable: false);
            using BinaryReader reader = new(stream, Utf8);
            T message = read(reader);
            return stream.Position == stream.Length ? message : throw new InvalidDataException("a message has bytes behind its end");
        }
        catch (Exception exception) when (exception is IOException or FormatException or ArgumentException)
        {
            throw new InvalidDataException("a message is corrupt", exception);
        }
    }

    /// <summary>A text that can go into a log line as it is.</summary>
    public static string ReadText(BinaryReader reader)
    {
        string text = reader.ReadString();
        return text.Length <= LongestText && !text.Any(char.IsControl) ? text : throw new InvalidDataException("a text in a message is too long or no text");
    }

    /// <summary>What a text may be cut to so that it can be sent.</summary>
    public static string Fit(string text)
    {
        string line = new([.. text.Select(static character => char.IsControl(character) || char.IsSurrogate(character) ? ' ' : character).Take(LongestText / 4)]);
        return line;
    }

    /// <summary>A count of things that each take at least a byte.</summary>
    public static int ReadCount(BinaryReader reader, int limit)
    {
        int count = reader.ReadUInt16();
        return count <= limit ? count : throw new InvalidDataException($"a message claims to list {count} things; at most {limit} are allowed");
    }
}
