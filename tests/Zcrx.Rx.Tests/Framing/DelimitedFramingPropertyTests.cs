using FsCheck;
using FsCheck.Fluent;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Framing;

/// <summary>Tests that any delimiters, frames, limits and segmentations give the result of a plain loop over the whole stream.</summary>
public sealed class DelimitedFramingPropertyTests
{
    /// <summary>Contains generated input. The test maps any values to valid arguments.</summary>
    /// <param name="Delimiters">
    /// The bytes of the delimiters. The test reduces them to three different values, so that hits and near misses are frequent.
    /// </param>
    /// <param name="Pieces">The numbers of bytes that arrive at a time, used in rotation.</param>
    public sealed record Script(byte[] Bytes, byte[][] Delimiters, byte[] Pieces, byte Limit, byte MaxHeld, byte BufferSize, byte[] PressureToggles, byte Flags);

    [Fact]
    public void Delimited_frames_errors_and_skips_do_not_depend_on_segmentation() => Prop.ForAll(static (Script script) =>
    {
        byte[] stream = [.. script.Bytes.Select(static value => (byte)(value % 3))];
        byte[][] delimiters = Useful(script.Delimiters);
        bool isIncluded = (script.Flags & 1) != 0;
        FramingEvents actual = new();
        FrameSkips? skips = (script.Flags & 2) != 0 ? new FrameSkips(actual.OnSkipped) : null;
        FramingOptions options = new() { DeliversUnterminated = (script.Flags & 4) != 0, Skips = skips, MaxLeasedBuffers = script.MaxHeld % 4 };
        int limit = 1 + (script.Limit % 9);
        using InMemoryArea area = new(options.MaxLeasedBuffers + 2, 1 + (script.BufferSize % 8));
        BufferSource source = new(area);
        Delimiter delimiter = Delimiter.Any([.. delimiters.Select(static bytes => Delimiter.Of(bytes))]) with { IncludeDelimiter = isIncluded };
        using IDisposable subscription = source.Frames(delimiter, limit, options).Subscribe(actual);

        int sent = 0;
        for (int i = 0; sent < stream.Length; i++)
        {
            if (script.PressureToggles.Contains((byte)i))
            {
                area.Ledger.IsUnderPressure = !area.Ledger.IsUnderPressure;
            }

            int piece = script.Pieces.Length == 0 ? stream.Length : 1 + (script.Pieces[i % script.Pieces.Length] % 8);
            piece = Math.Min(Math.Min(piece, area.BufferSize), stream.Length - sent);
            source.Send(stream.AsSpan(sent, piece));
            sent += piece;

            FramingReference soFar = new(delimiters, isIncluded, limit, options);
            soFar.Run(stream.AsSpan(0, sent), ends: false);
            Assert.Equal(soFar.Events, actual.Events);
            if (soFar.IsRestTooLong)
            {
                Assert.Equal(0, area.Ledger.Leased);
            }
        }

        source.Complete();
        FramingReference expected = new(delimiters, isIncluded, limit, options);
        expected.Run(stream, ends: true);

        Assert.Equal(expected.Events, actual.Events);
        Assert.Equal(skips?.Count ?? 0, actual.Events.Count(static text => text.StartsWith("skip", StringComparison.Ordinal)));
        Assert.Empty(source.Thrown);
        area.AssertAllReturned();
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(6_000).WithEndSize(60));

    /// <summary>Generates at least one delimiter of 1 to 5 bytes. No delimiter contains another one before its end.</summary>
    private static byte[][] Useful(byte[][] made)
    {
        List<byte[]> useful = [];
        foreach (byte[] delimiter in made.Take(4).Select(static bytes => bytes.Take(5).Select(static value => (byte)(value % 3)).ToArray()).Append([1, 2]))
        {
            if (delimiter.Length > 0 && useful.TrueForAll(other => !Hides(other, delimiter) && !Hides(delimiter, other)))
            {
                useful.Add(delimiter);
            }
        }

        return [.. useful];
    }

    private static bool Hides(byte[] shorter, byte[] longer) => longer.AsSpan(..^1).IndexOf(shorter) >= 0;
}
