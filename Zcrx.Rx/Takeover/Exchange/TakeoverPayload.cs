using System.Text;

namespace Zcrx.Rx.Takeover;

/// <summary>
/// Reads and writes the payloads of messages. Numbers are little-endian, and a text is its length followed by UTF-8. A malformed payload
/// causes an <see cref="InvalidDataException"/>.
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

    /// <exception cref="InvalidDataException">The payload is corrupt, or bytes follow its end.</exception>
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

    /// <summary>Reads a text, and refuses it if it is too long or has control characters. It is then safe in a log line.</summary>
    public static string ReadText(BinaryReader reader)
    {
        string text = reader.ReadString();
        return text.Length <= LongestText && !text.Any(char.IsControl) ? text : throw new InvalidDataException("a text in a message is too long or contains control characters");
    }

    /// <summary>Makes a text safe to send: replaces control characters and cuts it to the largest length.</summary>
    public static string Fit(string text)
    {
        string line = new([.. text.Select(static character => char.IsControl(character) || char.IsSurrogate(character) ? ' ' : character).Take(LongestText / 4)]);
        return line;
    }

    /// <summary>Reads the number of items in a list, and refuses it if it exceeds the limit.</summary>
    public static int ReadCount(BinaryReader reader, int limit)
    {
        int count = reader.ReadUInt16();
        return count <= limit ? count : throw new InvalidDataException($"a message claims to list {count} items; at most {limit} are allowed");
    }
}
