using System.Buffers.Binary;

namespace Zcrx.Rx.Tests.Framing;

/// <summary>Represents a framing protocol under test. Creates streams of frames, and the operator that cuts them.</summary>
internal sealed record Protocol(string Name, int Smallest, int Largest, Func<byte[], byte[]> Body, Action<List<byte>, byte[]> Write,
    Func<IObservable<Zcrx.Interop.ReceivedBuffer>, int, FramingOptions?, IObservable<ReceivedFrame>> Frames)
{
    public static Protocol[] All { get; } =
    [
        Prefixed("8", LengthPrefix.UInt8),
        Prefixed("16be", LengthPrefix.UInt16BigEndian),
        Prefixed("16le", LengthPrefix.UInt16LittleEndian),
        Prefixed("32be", LengthPrefix.UInt32BigEndian),
        Prefixed("32le", LengthPrefix.UInt32LittleEndian),
        Prefixed("8 counting itself", LengthPrefix.UInt8 with { IncludesPrefix = true }),
        Prefixed("16be counting itself", LengthPrefix.UInt16BigEndian with { IncludesPrefix = true }),
        Prefixed("32le counting itself", LengthPrefix.UInt32LittleEndian with { IncludesPrefix = true }),
        Delimited("LF", Delimiter.LineFeed),
        Delimited("CRLF", Delimiter.CrLf),
        Delimited("LF included", Delimiter.LineFeed with { IncludeDelimiter = true }),
        Delimited("CRLF included", Delimiter.CrLf with { IncludeDelimiter = true }),
        Delimited("aab", Delimiter.Of("aab"u8)),
        Delimited("abababac", Delimiter.Of("abababac"u8)),
        Delimited("long", Delimiter.Of([.. Enumerable.Repeat((byte)'a', Delimiter.MaxLength - 1), (byte)'b'])),
        Parsed("envelope", new EnvelopeParser(0)),
    ];

    public override string ToString() => Name;

    private static Protocol Prefixed(string name, LengthPrefix prefix)
    {
        int counted = prefix.IncludesPrefix ? prefix.Size : 0;
        return new Protocol(
            name,
            0,
            prefix.Size == 1 ? byte.MaxValue - counted : 2_000,
            body => body,
            (stream, body) =>
            {
                byte[] number = new byte[4];
                uint length = (uint)(body.Length + counted);
                if (prefix.IsLittleEndian)
                {
                    BinaryPrimitives.WriteUInt32LittleEndian(number, length);
                    stream.AddRange(number[..prefix.Size]);
                }
                else
                {
                    BinaryPrimitives.WriteUInt32BigEndian(number, length);
                    stream.AddRange(number[^prefix.Size..]);
                }

                stream.AddRange(body);
            },
            (source, maxLength, options) => source.Frames(prefix, maxLength, options));
    }

    private static Protocol Delimited(string name, Delimiter delimiter)
    {
        byte[] bytes = delimiter.Bytes.ToArray();
        return new Protocol(
            name,
            0,
            2_000,
            body =>
            {
                // Builds a body of the delimiter's own bytes, which nearly match it. Ends the body where the whole delimiter would occur.
                byte[] near = [.. body.Select(value => value < 200 ? bytes[value % bytes.Length] : value), .. bytes];
                byte[] whole = near[..(near.AsSpan().IndexOf(bytes) + bytes.Length)];
                return delimiter.IncludeDelimiter ? whole : whole[..^bytes.Length];
            },
            (stream, body) =>
            {
                stream.AddRange(body);
                if (!delimiter.IncludeDelimiter)
                {
                    stream.AddRange(bytes);
                }
            },
            (source, maxLength, options) => source.Frames(delimiter, maxLength, options));
    }

    private static Protocol Parsed(string name, EnvelopeParser parser) => new(
        name,
        0,
        2_000,
        body => body,
        (stream, body) =>
        {
            stream.Add(EnvelopeParser.Start);
            stream.Add((byte)(body.Length >> 8));
            stream.Add((byte)body.Length);
            stream.AddRange(body);
            stream.Add(EnvelopeParser.End);
        },
        (source, maxLength, options) => source.Frames(parser, maxLength, options));
}
