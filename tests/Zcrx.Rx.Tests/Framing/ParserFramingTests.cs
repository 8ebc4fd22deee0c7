using System.Buffers;
using System.Text;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Framing;

/// <summary>Tests what a parser may return besides the positions of frames: tags, and a decision at the end of the stream.</summary>
public sealed class ParserFramingTests : IDisposable
{
    private readonly InMemoryArea _area = new(64, 64);
    private readonly FrameCollector _collector = new();
    private readonly BufferSource _source;

    public ParserFramingTests() => _source = new BufferSource(_area);

    public void Dispose() => _area.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64)]
    public void Tag_of_a_decision_reaches_the_frame_and_its_leases(int piece)
    {
        List<int> lent = [];
        List<FrameLease> leases = [];
        using IDisposable subscription = _source.Frames(new NumberedLines(), 10).Subscribe(frame =>
        {
            lent.Add(frame.Tag);
            leases.Add(frame.Retain());
        });

        Send("a\n\nccc\nd\n", piece);
        _source.Complete();

        Assert.Equal([1, 2, 3, 4], lent);
        Assert.Equal([1, 2, 3, 4], leases.Select(static lease => lease.Tag));
        FrameLease moved = leases[2].Move();
        Assert.Equal(3, moved.Tag);
        moved.Dispose();
        leases.ForEach(static lease => lease.Dispose());
        _area.AssertAllReturned();
    }

    [Fact]
    public void Tag_of_frames_without_a_parser_is_0()
    {
        List<int> tags = [];
        using IDisposable subscription = _source.Frames(Delimiter.LineFeed, 10).Subscribe(frame => tags.Add(frame.Tag));

        Send("a\nb\n", 64);

        Assert.Equal([0, 0], tags);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    public void ParseEnd_with_a_frame_delivers_the_rest_before_the_completion(int piece)
    {
        List<int> tags = [];
        _collector.OnFrame = (_, _) => Assert.Equal(0, _collector.Ends);
        using IDisposable subscription = _source.Frames(new NumberedLines(), 10).Subscribe(
            frame =>
            {
                tags.Add(frame.Tag);
                _collector.OnNext(frame);
            },
            _collector.OnError,
            _collector.OnCompleted);

        Send("a\n?bc", piece);
        _source.Complete();

        Assert.Equal(["a", "bc"], _collector.Frames.Select(Encoding.ASCII.GetString));
        Assert.Equal([1, -1], tags);
        Assert.Equal(1, _collector.Completions);
        _area.AssertAllReturned();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64)]
    public void ParseEnd_with_a_frame_of_the_maximum_length_behind_a_header_delivers_it(int piece)
    {
        using IDisposable subscription = _source.Frames(new NumberedLines(), 10).Subscribe(_collector);

        Send("a\n?0123456789", piece);
        _source.Complete();

        Assert.Empty(_collector.Errors);
        Assert.Equal(["a", "0123456789"], _collector.Frames.Select(Encoding.ASCII.GetString));
        Assert.Equal(1, _collector.Completions);
        _area.AssertAllReturned();
    }

    [Theory]
    [InlineData("a\nb", "the stream ended 1 bytes into a frame")]
    [InlineData("!b", "it is refused")]
    [InlineData("$b", "the parser threw FormatException: no end")]
    [InlineData("-b", "the stream ended 2 bytes into a frame")]
    public void ParseEnd_without_a_frame_of_the_whole_rest_fails_the_stream(string text, string cause)
    {
        using IDisposable subscription = _source.Frames(new NumberedLines(), 10).Subscribe(_collector);

        Send(text, 64);
        _source.Complete();

        Assert.Equal(cause, Assert.IsType<ZcrxFramingException>(Assert.Single(_collector.Errors)).Cause);
        _area.AssertAllReturned();
    }

    [Fact]
    public void ParseEnd_is_not_called_when_the_stream_breaks()
    {
        IOException broken = new("The cable is cut.");
        using IDisposable subscription = _source.Frames(new NumberedLines(), 10).Subscribe(_collector);

        Send("?b", 64);
        _source.Fail(broken);

        Assert.Empty(_collector.Frames);
        Assert.Same(broken, Assert.Single(_collector.Errors));
        _area.AssertAllReturned();
    }

    private void Send(string text, int piece)
    {
        foreach (byte[] part in Encoding.ASCII.GetBytes(text).Chunk(piece))
        {
            _source.Send(part);
        }
    }

    /// <summary>
    /// Parses lines and gives each line its number as the tag. At the end of the stream, the first byte of an unterminated line selects the
    /// result.
    /// </summary>
    private sealed class NumberedLines : IFrameParser
    {
        private int _lines;

        // A question mark before a line takes one byte, and a line feed after it takes another.
        public int MaxOverhead => 2;

        public FrameDecision Parse(in ReadOnlySequence<byte> buffered, long seen) =>
            buffered.PositionOf((byte)'\n') is { } end ? FrameDecision.Frame(0, buffered.Slice(0, end).Length, 1) with { Tag = ++_lines } : FrameDecision.NeedMore();

        public FrameDecision ParseEnd(in ReadOnlySequence<byte> rest) => rest.FirstSpan[0] switch
        {
            (byte)'?' => FrameDecision.Frame(1, rest.Length - 1) with { Tag = -1 },
            (byte)'-' => FrameDecision.Frame(0, rest.Length - 1),
            (byte)'!' => FrameDecision.Error("it is refused"),
            (byte)'$' => throw new FormatException("no end."),
            _ => FrameDecision.NeedMore(),
        };
    }
}
