using Zcrx.Fuzz.Support;
using Zcrx.Interop;
using Zcrx.Rx;
using Zcrx.Rx.Tests.Framing;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Fuzz.Targets;

/// <summary>
/// Cuts a stream into frames twice, once from a single buffer and once from pieces. Both must give the same frames and the same end.
/// </summary>
internal sealed class FramingTarget : IFuzzTarget
{
    private const int MaxPieces = 16;

    private static readonly string[] Documented = ["frame ", "skip ", "error ", FramingEvents.Completed];

    private static readonly LengthPrefix[] Prefixes =
    [
        LengthPrefix.UInt8, LengthPrefix.UInt16BigEndian, LengthPrefix.UInt16LittleEndian, LengthPrefix.UInt32BigEndian, LengthPrefix.UInt32LittleEndian,
        LengthPrefix.UInt8 with { IncludesPrefix = true }, LengthPrefix.UInt16BigEndian with { IncludesPrefix = true }, LengthPrefix.UInt32LittleEndian with { IncludesPrefix = true },
    ];

    private static readonly Delimiter[] Delimiters =
    [
        Delimiter.LineFeed, Delimiter.CrLf, Delimiter.Line, Delimiter.Null, Delimiter.Of("aab"u8), Delimiter.Of("abababac"u8), Delimiter.Any("aab"u8, "ba"u8), Delimiter.Any("\r\n"u8, "\n"u8),
        Delimiter.Of([.. Enumerable.Repeat((byte)'a', Delimiter.MaxLength - 1), (byte)'b']),
    ];

    public string Name => "framing";

    public IReadOnlyList<byte[]> Seeds { get; } =
    [
        [0, 0, 200, 3, 0, 1, 1, 3, .. "\u0003abc\u0000\u0001x"u8],
        [0, 3, 200, 3, 0, 1, 1, 5, 0, 0, 0, 2, 7, 7, 0, 0, 0, 0],
        [1, 0, 200, 3, 3, 2, 1, 4, .. "one\n\ntwo\nrest"u8],
        [1, 1, 9, 3, 3, 2, 1, 4, .. "one\r\n\r\ntwo, which is too long\r\nrest\r"u8],
        [1, 6, 20, 3, 7, 2, 1, 4, .. "aaabbabaabab"u8],
        [2, 0, 50, 3, 0, 2, 1, 4, 1, 3, 2, 0, 1, 2, 3, 9, 9, 0, 1, 0, 0],
    ];

    public void Run(byte[] input)
    {
        FuzzInput reader = new(input);
        int kind = reader.Below(3);
        int which = reader.Byte();
        int limit = 1 + reader.Byte();
        int bufferSize = 1 + reader.Below(64);
        byte flags = reader.Byte();
        byte[] pieces = [.. reader.Bytes(1 + reader.Below(MaxPieces)).Select(static piece => (byte)(1 + (piece % 64)))];
        byte[] stream = reader.Rest();
        Func<IObservable<ReceivedBuffer>, FramingOptions, IObservable<ReceivedFrame>> frames = kind switch
        {
            0 => (source, options) => source.Frames(Prefixes[which % Prefixes.Length], limit, options),
            1 => (source, options) => source.Frames(Delimiters[which % Delimiters.Length] with { IncludeDelimiter = (flags & 1) != 0 }, limit, options),
            _ => (source, options) => source.Frames(new WildParser(), limit, options),
        };
        bool isDelimited = kind == 1;
        bool reports = (flags & 16) != 0;
        List<string> split = Cut(frames, stream, pieces, bufferSize, isDelimited ? flags : 0, flags, reports);
        // The parser of kind 2 may decide differently when the pieces differ, so its results are not compared.
        if (kind != 2)
        {
            List<string> whole = Cut(frames, stream, [], int.Max(1, stream.Length), isDelimited ? flags : 0, 0, reports);
            FuzzException.Require(whole.SequenceEqual(split), $"pieces have the frames of the whole stream ({string.Join(", ", whole)}), and not {string.Join(", ", split)}");
        }
    }

    private static List<string> Cut(
        Func<IObservable<ReceivedBuffer>, FramingOptions, IObservable<ReceivedFrame>> frames, byte[] stream, byte[] pieces, int bufferSize, int delimited, byte pressure, bool fails)
    {
        FramingEvents events = new();
        FramingOptions options = new()
        {
            DeliversUnterminated = (delimited & 2) != 0,
            Skips = (delimited & 4) != 0 ? new FrameSkips(events.OnSkipped) : null,
            MaxLeasedBuffers = pressure >> 6,
        };
        using InMemoryArea area = new(options.MaxLeasedBuffers + 2, bufferSize);
        BufferSource source = new(area);
        using IDisposable subscription = frames(source, options).Subscribe(events);
        int sent = 0;
        for (int i = 0; sent < stream.Length; i++)
        {
            if ((pressure & 8) != 0 && pieces.Length > 0)
            {
                area.Ledger.IsUnderPressure = (pieces[i % pieces.Length] & 4) != 0;
            }

            int piece = pieces.Length == 0 ? stream.Length : Math.Min(pieces[i % pieces.Length], stream.Length - sent);
            source.Send(stream.AsSpan(sent, piece));
            sent += piece;
        }

        if (fails)
        {
            source.Fail(new IOException("reset"));
        }
        else
        {
            source.Complete();
        }

        area.AssertAllReturned();
        FuzzException.Require(source.Thrown.Count == 0, "nothing is thrown at the source");
        string? other = events.Events.FirstOrDefault(static text => !Documented.Any(start => text.StartsWith(start, StringComparison.Ordinal)) && !text.Contains("reset", StringComparison.Ordinal));
        FuzzException.Require(other is null, $"an error of framing is a ZcrxFramingException, and not {other}");
        return [.. events.Events.Select(static text => text.StartsWith("System.IO", StringComparison.Ordinal) ? "reset" : text)];
    }
}
