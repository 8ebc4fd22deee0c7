using System.Buffers;
using System.Text;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Framing;

public sealed class DelimitedFramingTests : IDisposable
{
    private readonly InMemoryArea _area = new(32, 64);
    private readonly FrameCollector _collector = new();
    private readonly BufferSource _source;

    public DelimitedFramingTests() => _source = new BufferSource(_area);

    public void Dispose() => _area.Dispose();

    [Theory]
    [InlineData("one\ntwo", "one two")]
    [InlineData("one\n", "one")]
    [InlineData("", "")]
    public void Last_frame_without_delimiter_is_delivered_when_requested(string text, string frames)
    {
        using IDisposable subscription = _source.Frames(Delimiter.LineFeed, 10, new FramingOptions { DeliversUnterminated = true }).Subscribe(_collector);

        Send(text, 2);
        _source.Complete();

        Assert.Equal(frames, Frames());
        Assert.Equal(1, _collector.Completions);
        _area.AssertAllReturned();
    }

    [Fact]
    public void Last_frame_without_delimiter_is_an_error_that_names_the_option()
    {
        using IDisposable subscription = _source.Frames(Delimiter.LineFeed, 10).Subscribe(_collector);

        Send("one\ntwo", 2);
        _source.Complete();

        Assert.Equal("one", Frames());
        Assert.Equal(
            "Reading the frame at byte 4 of the stream failed: the stream ended 3 bytes into a frame. "
            + "The peer closed the connection before it had sent a delimiter. Set FramingOptions.DeliversUnterminated if the last frame may lack one.",
            Assert.Single(_collector.Errors).Message);
    }

    [Fact]
    public void Last_frame_without_delimiter_is_not_delivered_when_the_source_fails()
    {
        using IDisposable subscription = _source.Frames(Delimiter.LineFeed, 10, new FramingOptions { DeliversUnterminated = true }).Subscribe(_collector);
        IOException reset = new("reset");

        Send("one\ntwo", 2);
        _source.Fail(reset);

        Assert.Equal("one", Frames());
        Assert.Same(reset, Assert.Single(_collector.Errors));
        _area.AssertAllReturned();
    }

    [Fact]
    public void Observer_that_throws_at_the_last_frame_receives_its_exception_and_so_does_the_source()
    {
        using IDisposable subscription = _source.Frames(Delimiter.LineFeed, 10, new FramingOptions { DeliversUnterminated = true }).Subscribe(_collector);
        InvalidOperationException thrown = new();
        _collector.OnFrame = (_, _) => throw thrown;

        Send("two", 2);

        Assert.Same(thrown, Assert.Throws<InvalidOperationException>(_source.Complete));
        Assert.Same(thrown, Assert.Single(_collector.Errors));
        Assert.Equal(1, _collector.Ends);
        _area.AssertAllReturned();
    }

    [Fact]
    public void Observer_that_unsubscribes_at_the_last_frame_receives_no_completion()
    {
        IDisposable? subscription = null;
        _collector.OnFrame = (_, _) => subscription!.Dispose();
        subscription = _source.Frames(Delimiter.LineFeed, 10, new FramingOptions { DeliversUnterminated = true }).Subscribe(_collector);

        Send("two", 2);
        _source.Complete();

        Assert.Equal("two", Frames());
        Assert.Equal(0, _collector.Ends);
        _area.AssertAllReturned();
    }

    [Fact]
    public void Frame_beyond_the_limit_is_skipped_and_counted_and_none_of_its_buffers_is_kept()
    {
        List<SkippedFrame> skipped = [];
        FrameSkips skips = new(skipped.Add);
        using IDisposable subscription = _source.Frames(Delimiter.CrLf, 10, new FramingOptions { Skips = skips }).Subscribe(_collector);

        Send("one\r\n", 5);
        byte[] full = new byte[_area.BufferSize];
        for (int i = 0; i < 1_000; i++)
        {
            _source.Send(full);
            Assert.Equal(0, _area.Ledger.Leased);
        }

        Send("\r", 1);
        Assert.Equal(0, _area.Ledger.Leased);
        Assert.Equal(0, skips.Count);
        Send("\ntwo\r\n0123456789a\r\nthree\r\n", 1_000);

        Assert.Equal("one two three", Frames());
        Assert.Equal([new SkippedFrame(5, 64_000), new SkippedFrame(64_012, 11)], skipped);
        Assert.Equal(2, skips.Count);
        Assert.Equal(64_011, skips.Bytes);
        _area.AssertAllReturned();
    }

    [Fact]
    public void Observer_that_unsubscribes_when_a_frame_is_skipped_receives_no_further_frame()
    {
        IDisposable? subscription = null;
        FrameSkips skips = new(_ => subscription!.Dispose());
        subscription = _source.Frames(Delimiter.LineFeed, 3, new FramingOptions { Skips = skips }).Subscribe(_collector);

        Send("1234\none\n", 64);
        Send("two\n", 64);

        Assert.Empty(_collector.Frames);
        Assert.Equal(0, _collector.Ends);
        _area.AssertAllReturned();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64)]
    public void Lines_end_with_line_feed_with_or_without_carriage_return(int piece)
    {
        using IDisposable subscription = _source.Frames(Delimiter.Line, 10).Subscribe(_collector);

        Send("one\r\ntwo\n\r\n\nth\rree\r\r\n", piece);
        _source.Complete();

        Assert.Equal("one|two|||th\rree\r", string.Join('|', _collector.Frames.Select(Encoding.ASCII.GetString)));
        Assert.Equal(1, _collector.Completions);
        _area.AssertAllReturned();
    }

    [Theory]
    [InlineData("01234567890\n")]
    [InlineData("0123456789012345678901234567890123456789\n")]
    public void Line_beyond_the_limit_is_the_same_error_whole_and_in_pieces(string line)
    {
        FrameCollector pieces = new();
        using IDisposable whole = _source.Frames(Delimiter.LineFeed, 10).Subscribe(_collector);
        Send(line, 64);
        _source.Position = 0;
        using IDisposable cut = _source.Frames(Delimiter.LineFeed, 10).Subscribe(pieces);
        Send(line, 1);

        ZcrxFramingException expected = Assert.IsType<ZcrxFramingException>(Assert.Single(_collector.Errors));
        ZcrxFramingException actual = Assert.IsType<ZcrxFramingException>(Assert.Single(pieces.Errors));
        Assert.Equal(expected.Message, actual.Message);
        Assert.Null(expected.AnnouncedLength);
        Assert.Null(actual.AnnouncedLength);
        Assert.Equal(0, actual.StreamOffset);
    }

    [Fact]
    public void Options_for_delimited_frames_are_refused_for_others()
    {
        FramingOptions unterminated = new() { DeliversUnterminated = true };
        FramingOptions skips = new() { Skips = new FrameSkips() };

        Assert.Contains("DeliversUnterminated", Assert.Throws<ArgumentException>(() => _source.Frames(LengthPrefix.UInt8, 1, unterminated)).Message, StringComparison.Ordinal);
        Assert.Contains("Skips", Assert.Throws<ArgumentException>(() => _source.Frames(LengthPrefix.UInt8, 1, skips)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => _source.Frames(new EnvelopeParser(0), 1, unterminated));
        Assert.Throws<ArgumentException>(() => _source.Frames(new EnvelopeParser(0), 1, skips));
    }

    [Fact]
    public void Any_refuses_delimiters_that_can_never_match()
    {
        Assert.Contains(
            "The delimiter 0D0A can never match, since it contains 0D, which ends the frame earlier.",
            Assert.Throws<ArgumentException>(static () => Delimiter.Any("\r\n"u8, "\r"u8)).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(static () => Delimiter.Any());
        Assert.Throws<ArgumentException>(static () => Delimiter.Any(default(Delimiter), Delimiter.Line));
        Assert.Throws<ArgumentException>(static () => Delimiter.Any(Delimiter.LineFeed with { IncludeDelimiter = true }));
    }

    [Fact]
    public void Any_is_equal_for_the_same_delimiters_in_any_order()
    {
        Delimiter line = Delimiter.Any(Delimiter.CrLf, Delimiter.LineFeed, Delimiter.CrLf);

        Assert.Equal(Delimiter.Line, line);
        Assert.Equal(Delimiter.Line, Delimiter.Any("\n"u8, "\r\n"u8));
        Assert.Equal(Delimiter.Line, Delimiter.Any(Delimiter.Line));
        Assert.Equal(Delimiter.Line.GetHashCode(), line.GetHashCode());
        Assert.NotEqual(Delimiter.CrLf, line);
        Assert.NotEqual(Delimiter.Line, Delimiter.Any("\0"u8, "\r\n"u8));
        Assert.Equal("0D0A|0A", line.ToString());
        Assert.Equal(Delimiter.CrLf, Delimiter.Any(Delimiter.CrLf));
        Assert.Equal("\r\n"u8, line.Bytes);
    }

    private string Frames() => string.Join(' ', _collector.Frames.Select(Encoding.ASCII.GetString));

    private void Send(string text, int piece)
    {
        foreach (byte[] bytes in Encoding.ASCII.GetBytes(text).Chunk(piece))
        {
            _source.Send(bytes);
        }
    }
}
