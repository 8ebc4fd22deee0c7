using System.Buffers;
using FsCheck;
using FsCheck.Fluent;
using Zcrx.Rx.Framing;

namespace Zcrx.Rx.Tests.Framing;

public sealed class DelimiterCutterTests
{
    public sealed record Script(byte[] Bytes, byte[] Pattern, byte[] Cuts, byte Seen);

    [Fact]
    public void A_delimiter_is_found_wherever_the_bytes_are_cut() => Prop.ForAll(static (Script script) =>
    {
        // All bytes are 0 or 1, so delimiters and parts of delimiters occur often.
        byte[] delimiter = [.. script.Pattern.Select(static value => (byte)(value & 1)), 1];
        byte[] text = [.. script.Bytes.Select(static value => (byte)(value & 1)), 0];
        int expected = text.AsSpan().IndexOf(delimiter);

        // The number of bytes that earlier calls have searched. They must not contain the whole delimiter.
        int shown = expected < 0 ? script.Seen % text.Length : Math.Min(script.Seen % text.Length, expected + delimiter.Length - 1);
        FrameDecision decision = new DelimiterCutter(delimiter, include: false).Cut(Cut(text, script.Cuts), shown);

        Assert.Equal(expected < 0 ? FrameDecision.NeedMore() : FrameDecision.Frame(0, expected, delimiter.Length), decision);
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000).WithEndSize(40));

    private static ReadOnlySequence<byte> Cut(byte[] text, byte[] cuts)
    {
        FrameSegment first = new();
        FrameSegment last = first;
        int position = 0;
        for (int i = 0; position < text.Length; i++)
        {
            int length = Math.Min(cuts.Length == 0 ? text.Length : 1 + (cuts[i % cuts.Length] % 6), text.Length - position);
            if (position > 0)
            {
                FrameSegment next = new();
                last.Following = next;
                last = next;
            }

            last.Set(text.AsMemory(position, length), position);
            position += length;
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Length);
    }
}
