using System.Buffers;
using Zcrx.Rx.Framing;

namespace Zcrx.Rx.Tests.Framing;

/// <summary>Tests the decisions of the frame cutters. Each test passes the bytes in one piece and in single bytes.</summary>
public sealed class FrameCutterTests
{
    private static readonly LengthPrefix[] Prefixes =
        [LengthPrefix.UInt8, LengthPrefix.UInt16BigEndian, LengthPrefix.UInt16LittleEndian, LengthPrefix.UInt32BigEndian, LengthPrefix.UInt32LittleEndian];

    public static TheoryData<int, byte[], long> Lengths => new()
    {
        { 0, [200], 200 },
        { 1, [0x01, 0x02], 0x0102 },
        { 2, [0x01, 0x02], 0x0201 },
        { 3, [0xF1, 0x02, 0x03, 0x04], 0xF1020304 },
        { 4, [0x01, 0x02, 0x03, 0xF4], 0xF4030201 },
    };

    [Theory, MemberData(nameof(Lengths))]
    public void Length_is_read_in_the_byte_order_of_its_prefix(int index, byte[] bytes, long length)
    {
        LengthPrefix prefix = Prefixes[index];
        Assert.Equal(FrameDecision.Frame(prefix.Size, length), CutBoth(new LengthPrefixCutter(prefix), [.. bytes, 9, 9]));
        Assert.Equal(FrameDecision.Frame(prefix.Size, length), CutBoth(new LengthPrefixCutter(prefix), bytes));
        Assert.Equal(FrameDecision.NeedMore(prefix.Size), CutBoth(new LengthPrefixCutter(prefix), bytes[1..]));
        Assert.Equal(
            FrameDecision.Frame(prefix.Size, length - prefix.Size), CutBoth(new LengthPrefixCutter(prefix with { IncludesPrefix = true }), bytes));
        Assert.Equal((prefix.Size, 0), (new LengthPrefixCutter(prefix).Overhead, new LengthPrefixCutter(prefix).LongestDelimiter));
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(1, false)]
    [InlineData(0, false)]
    public void Length_that_includes_its_prefix_is_at_least_the_size_of_the_prefix(byte announced, bool isPossible)
    {
        FrameDecision decision = CutBoth(new LengthPrefixCutter(LengthPrefix.UInt16BigEndian with { IncludesPrefix = true }), [0, announced]);
        Assert.Equal(isPossible ? FrameDecision.Frame(2, 0) : FrameDecision.Error($"it announces {announced} bytes including its prefix, but the prefix alone has 2"), decision);
    }

    [Theory]
    [InlineData("ab\n", "\n", 2)]
    [InlineData("\nab", "\n", 0)]
    [InlineData("ab", "\n", -1)]
    [InlineData("a\rb\r\n", "\r\n", 3)]
    [InlineData("a\r", "\r\n", -1)]
    public void Delimiter_ends_the_frame_and_belongs_to_it_on_request(string text, string delimiter, int length)
    {
        byte[] bytes = System.Text.Encoding.ASCII.GetBytes(text);
        byte[] end = System.Text.Encoding.ASCII.GetBytes(delimiter);
        Assert.Equal(length < 0 ? FrameDecision.NeedMore() : FrameDecision.Frame(0, length, end.Length), CutBoth(new DelimiterCutter(end, include: false), bytes));
        Assert.Equal(length < 0 ? FrameDecision.NeedMore() : FrameDecision.Frame(0, length + end.Length), CutBoth(new DelimiterCutter(end, include: true), bytes));
        Assert.Equal((end.Length, end.Length), (new DelimiterCutter(end, include: false).Overhead, new DelimiterCutter(end, include: false).LongestDelimiter));
        Assert.Equal((0, end.Length), (new DelimiterCutter(end, include: true).Overhead, new DelimiterCutter(end, include: true).LongestDelimiter));
        DelimiterSetCutter set = new(new DelimiterSet([end]), include: false);
        Assert.Equal(length < 0 ? FrameDecision.NeedMore() : FrameDecision.Frame(0, length, end.Length), CutBoth(set, bytes));
    }

    [Theory]
    [InlineData("ab\nc\r\n", 2, 1)]
    [InlineData("ab\r\nc\n", 2, 2)]
    [InlineData("\n", 0, 1)]
    [InlineData("a\rbc", -1, 0)]
    // The first "!" could be the last byte of the delimiter "..!", but it is not.
    [InlineData("a!b..!", 3, 3)]
    [InlineData("..!", 0, 3)]
    [InlineData(".!.!", -1, 0)]
    public void First_delimiter_of_a_set_ends_the_frame_and_the_longest_one_wins(string text, int length, int trailing)
    {
        byte[] bytes = System.Text.Encoding.ASCII.GetBytes(text);
        DelimiterSet delimiters = new(["..!"u8.ToArray(), "\r\n"u8.ToArray(), "\n"u8.ToArray()]);
        DelimiterSetCutter without = new(delimiters, include: false);
        DelimiterSetCutter with = new(delimiters, include: true);
        Assert.Equal(length < 0 ? FrameDecision.NeedMore() : FrameDecision.Frame(0, length, trailing), CutBoth(without, bytes));
        Assert.Equal(length < 0 ? FrameDecision.NeedMore() : FrameDecision.Frame(0, length + trailing), CutBoth(with, bytes));
        Assert.Equal((3, 3, 0, 3), (without.Overhead, without.LongestDelimiter, with.Overhead, with.LongestDelimiter));
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(1, 2)]
    [InlineData(3, 2)]
    [InlineData(4, 4)]
    public void Set_is_searched_from_the_bytes_that_may_begin_a_delimiter(long seen, long end)
    {
        // The longest delimiter has three bytes. The last two bytes of an earlier search may therefore be the start of a delimiter.
        byte[] bytes = "a\nb\nc"u8.ToArray();
        DelimiterSetCutter cutter = new(new DelimiterSet(["..!"u8.ToArray(), "\n"u8.ToArray()]), include: true);
        Assert.Equal(FrameDecision.Frame(0, end), cutter.Cut(new ReadOnlySequence<byte>(bytes), seen));
    }

    [Fact]
    public void Delimiter_at_the_first_byte_that_was_not_searched_ends_the_frame() =>
        Assert.Equal(FrameDecision.Frame(0, 4, 1), new DelimiterCutter("\n"u8.ToArray(), include: false).Cut(new ReadOnlySequence<byte>("abcd\n"u8.ToArray()), seen: 4));

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    public void Delimiter_on_both_sides_of_a_seam_ends_the_frame(int cut)
    {
        ReadOnlySequence<byte> pieces = Pieces("xxabc"u8.ToArray(), [cut, 5 - cut]);
        Assert.Equal(FrameDecision.Frame(0, 2, 3), new DelimiterCutter("abc"u8.ToArray(), include: false).Cut(pieces, seen: 0));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(Delimiter.MaxLength / 2)]
    [InlineData(Delimiter.MaxLength - 1)]
    public void Longest_delimiter_is_found_on_both_sides_of_a_seam(int before)
    {
        const int Padding = 2 * Delimiter.MaxLength;
        byte[] delimiter = [.. Enumerable.Range(1, Delimiter.MaxLength).Select(static value => (byte)value)];
        ReadOnlySequence<byte> pieces = Pieces([.. new byte[Padding], .. delimiter, .. new byte[Padding]], [Padding + before, Delimiter.MaxLength - before + Padding]);
        Assert.Equal(FrameDecision.Frame(0, Padding, delimiter.Length), new DelimiterCutter(delimiter, include: false).Cut(pieces, seen: 0));
        Assert.Equal(FrameDecision.Frame(0, Padding, delimiter.Length), new DelimiterSetCutter(new DelimiterSet([delimiter]), include: false).Cut(pieces, seen: 0));
    }

    [Fact]
    public void Parser_gets_the_bytes_from_the_position_and_those_that_it_has_seen()
    {
        Parser parser = new();
        ParserCutter cutter = new(parser, overhead: 5);
        byte[] bytes = [1, 2, 3, 4];
        Assert.Equal(FrameDecision.Frame(0, 3), cutter.Cut(bytes, bytes, 1));
        Assert.Equal([2, 3, 4], parser.Shown);
        Assert.Equal(0, parser.Seen);
        Assert.Equal(FrameDecision.Frame(0, 4), cutter.Cut(new ReadOnlySequence<byte>(bytes), 2));
        Assert.Equal(2, parser.Seen);
        Assert.Equal(FrameDecision.Frame(0, 4, 0), cutter.CutEnd(new ReadOnlySequence<byte>(bytes)));
        Assert.Equal((5, 0), (cutter.Overhead, cutter.LongestDelimiter));
    }

    [Fact]
    public void Exception_of_a_parser_is_an_error_of_the_frame()
    {
        Parser parser = new() { Error = new InvalidOperationException("no frame.") };
        ParserCutter cutter = new(parser, overhead: 0);
        byte[] bytes = [1];
        Assert.All(
            [cutter.Cut(bytes, bytes, 0), cutter.Cut(new ReadOnlySequence<byte>(bytes), 0), cutter.CutEnd(new ReadOnlySequence<byte>(bytes))],
            decision => Assert.Equal((FrameDecisionKind.Error, parser.Error), (decision.Kind, decision.Exception)));
    }

    [Fact]
    public void Only_a_parser_decides_about_the_bytes_before_the_end_of_the_stream()
    {
        ReadOnlySequence<byte> rest = new("ab"u8.ToArray());
        Assert.Equal(FrameDecision.NeedMore(), new LengthPrefixCutter(LengthPrefix.UInt8).CutEnd(rest));
        Assert.Equal(FrameDecision.NeedMore(), new DelimiterCutter([1], include: true).CutEnd(rest));
        Assert.Equal(FrameDecision.NeedMore(), new DelimiterSetCutter(new DelimiterSet([[1]]), include: true).CutEnd(rest));
    }

    /// <summary>Passes the bytes to the cutter in one piece and in pieces of one byte. Asserts that the decisions are equal.</summary>
    private static FrameDecision CutBoth<T>(T cutter, byte[] bytes)
        where T : struct, IFrameCutter
    {
        byte[] buffer = [7, 7, .. bytes];
        FrameDecision decision = cutter.Cut(buffer, buffer, 2);
        Assert.Equal(decision, cutter.Cut(new ReadOnlySequence<byte>(bytes), 0));
        if (bytes.Length > 0)
        {
            Assert.Equal(decision, cutter.Cut(Pieces(bytes, [.. Enumerable.Repeat(1, bytes.Length)]), 0));
        }

        return decision;
    }

    private static ReadOnlySequence<byte> Pieces(byte[] bytes, int[] lengths)
    {
        FrameSegment first = new();
        FrameSegment last = first;
        int position = 0;
        foreach (int length in lengths)
        {
            if (position > 0)
            {
                FrameSegment next = new();
                last.Following = next;
                last = next;
            }

            last.Set(bytes.AsMemory(position, length), position);
            position += length;
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Length);
    }

    private sealed class Parser : IFrameParser
    {
        public int MaxOverhead => 0;

        public byte[] Shown { get; private set; } = [];

        public long Seen { get; private set; } = -1;

        public Exception? Error { get; init; }

        public FrameDecision Parse(in ReadOnlySequence<byte> buffered, long seen) => Show(buffered, seen);

        public FrameDecision ParseEnd(in ReadOnlySequence<byte> rest) => Show(rest, -1);

        private FrameDecision Show(in ReadOnlySequence<byte> bytes, long seen)
        {
            (Shown, Seen) = (bytes.ToArray(), seen);
            return Error is null ? FrameDecision.Frame(0, bytes.Length) : throw Error;
        }
    }
}
