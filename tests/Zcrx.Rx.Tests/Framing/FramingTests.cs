using System.Buffers;
using System.Reactive.Linq;
using System.Reactive.Subjects;
using System.Text;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Framing;

public sealed class FramingTests : IDisposable
{
    private readonly InMemoryArea _area = new(64, 64);
    private readonly FrameCollector _collector = new();
    private readonly BufferSource _source;

    public FramingTests() => _source = new BufferSource(_area);

    public void Dispose() => _area.Dispose();

    [Theory]
    [InlineData(new byte[] { 0x80, 0, 0, 0 }, 0x8000_0000L)]
    [InlineData(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF }, 0xFFFF_FFFFL)]
    [InlineData(new byte[] { 0, 0, 4, 1 }, 1025L)]
    public void Length_beyond_the_limit_is_refused_and_the_error_names_it(byte[] prefix, long announced)
    {
        _source.Position = 1_000;
        using IDisposable subscription = _source.Frames(LengthPrefix.UInt32BigEndian, 1024).Subscribe(_collector);

        _source.Send([0, 0, 0, 1, 42]);
        _source.Send(prefix);

        ZcrxFramingException error = Assert.IsType<ZcrxFramingException>(Assert.Single(_collector.Errors));
        Assert.Equal(announced, error.AnnouncedLength);
        Assert.Equal(1024, error.Limit);
        Assert.Equal(1_005, error.StreamOffset);
        Assert.Equal(
            $"Reading the frame at byte 1005 of the stream failed: it announces {announced} bytes, and the limit is 1024. "
            + "Raise maxLength if such frames are meant to arrive; else the peer frames differently, or the subscription began inside a frame.",
            error.Message);
        Assert.Equal(0, _source.Subscribers);
        _area.AssertAllReturned();
    }

    [Fact]
    public void Largest_limit_accepts_the_largest_length()
    {
        using IDisposable subscription = _source.Frames(LengthPrefix.UInt32LittleEndian, int.MaxValue).Subscribe(_collector);

        _source.Send([0xFF, 0xFF, 0xFF, 0x7F, 1, 2, 3]);
        _source.Complete();

        ZcrxFramingException error = Assert.IsType<ZcrxFramingException>(Assert.Single(_collector.Errors));
        Assert.Equal("the stream ended 7 bytes into a frame of 2147483651", error.Cause);
    }

    [Fact]
    public void Length_that_counts_its_prefix_must_not_be_smaller_than_the_prefix()
    {
        using IDisposable subscription = _source.Frames(LengthPrefix.UInt16BigEndian with { IncludesPrefix = true }, 100).Subscribe(_collector);

        _source.Send([0, 2, 0]);
        _source.Send([1]);

        Assert.Empty(Assert.Single(_collector.Frames));
        Assert.Contains("it announces 1 bytes including its prefix, but the prefix alone has 2", Assert.Single(_collector.Errors).Message, StringComparison.Ordinal);
        _area.AssertAllReturned();
    }

    [Fact]
    public void Frames_reference_the_received_memory()
    {
        List<ReadOnlyMemory<byte>> received = [];
        using IDisposable subscription = _source.Do(buffer => received.Add(buffer.UncheckedMemory)).Frames(Delimiter.CrLf, 100).Subscribe(_collector);
        _collector.OnFrame = (number, frame) =>
        {
            if (number == 0)
            {
                Assert.True(frame.IsSingleSegment);
                Assert.True(frame.FirstSpan == received[0].Span[..3]);
            }
            else
            {
                ReadOnlySequence<byte>.Enumerator pieces = frame.GetEnumerator();
                Assert.True(pieces.MoveNext());
                Assert.True(pieces.Current.Span == received[0].Span[5..]);
                Assert.True(pieces.MoveNext());
                Assert.True(pieces.Current.Span == received[1].Span);
                Assert.True(pieces.MoveNext());
                Assert.True(pieces.Current.Span == received[2].Span[..1]);
                Assert.False(pieces.MoveNext());
            }
        };

        _source.Send("one\r\ntwo"u8);
        _source.Send("-three"u8);
        Assert.Equal(2, _area.Ledger.Leased);
        _source.Send("4\r\n"u8);

        Assert.Empty(_source.Thrown);
        Assert.Equal(["one", "two-three4"], _collector.Frames.Select(Encoding.ASCII.GetString));
        _area.AssertAllReturned();
    }

    [Fact]
    public void An_empty_stream_has_no_frames_and_completes()
    {
        using IDisposable subscription = _source.Frames(LengthPrefix.UInt8, 1).Subscribe(_collector);

        _source.Complete();

        Assert.Empty(_collector.Frames);
        Assert.Equal(1, _collector.Completions);
    }

    [Fact]
    public void Error_of_the_source_is_passed_on_and_kept_buffers_return()
    {
        using IDisposable subscription = _source.Frames(LengthPrefix.UInt8, 100).Subscribe(_collector);
        IOException reset = new("reset");

        _source.Send([5, 1, 2]);
        Assert.Equal(1, _area.Ledger.Leased);
        _source.Fail(reset);
        _source.Complete();

        Assert.Same(reset, Assert.Single(_collector.Errors));
        Assert.Equal(1, _collector.Ends);
        Assert.Equal(0, _source.Subscribers);
        _area.AssertAllReturned();
    }

    [Fact]
    public void Gap_in_the_stream_fails_with_its_position()
    {
        using IDisposable subscription = _source.Frames(LengthPrefix.UInt8, 100).Subscribe(_collector);

        _source.Send([2, 1]);
        _source.Position += 10;
        _source.Send([2, 1]);

        ZcrxFramingException error = Assert.IsType<ZcrxFramingException>(Assert.Single(_collector.Errors));
        Assert.Equal(2, error.StreamOffset);
        Assert.Contains("the next bytes that arrived are those from byte 12 on", error.Message, StringComparison.Ordinal);
        _area.AssertAllReturned();
    }

    [Fact]
    public void Two_subscriptions_cut_independently()
    {
        FrameCollector other = new();
        using IDisposable first = _source.Frames(LengthPrefix.UInt8, 100).Subscribe(_collector);
        IDisposable second = _source.Frames(Delimiter.Of(9), 100).Subscribe(other);

        _source.Send([3, 1]);
        Assert.Equal(1, _area.Ledger.Leased);
        second.Dispose();
        Assert.Equal(1, _area.Ledger.Leased);
        _source.Send([2, 9, 0]);

        Assert.Equal([[1, 2, 9], []], _collector.Frames);
        Assert.Empty(other.Frames);
        _area.AssertAllReturned();
    }

    [Fact]
    public void Source_that_completes_while_the_observer_is_busy_completes_after_the_received_frames()
    {
        using Subject<ReceivedBuffer> subject = new();
        using IDisposable subscription = subject.Frames(LengthPrefix.UInt8, 100).Subscribe(_collector);
        _collector.OnFrame = (number, _) =>
        {
            if (number == 0)
            {
                // Completes the stream inside OnNext, as when an observer closes its connection.
                subject.OnCompleted();
            }

            Assert.Equal(0, _collector.Ends);
        };
        using IDisposable feed = System.ObservableExtensions.Subscribe(_source, subject.OnNext);

        _source.Send([1, 1, 1, 2]);

        Assert.Empty(_source.Thrown);
        Assert.Equal([[1], [2]], _collector.Frames);
        Assert.Equal(1, _collector.Completions);
    }

    [Fact]
    public void Buffer_that_arrives_inside_OnNext_is_refused()
    {
        using Subject<ReceivedBuffer> subject = new();
        using IDisposable subscription = subject.Frames(LengthPrefix.UInt8, 100).Subscribe(_collector);
        ReceivedBuffer current = default;
        _collector.OnFrame = (_, _) => subject.OnNext(current);
        using IDisposable feed = System.ObservableExtensions.Subscribe(_source, buffer =>
        {
            current = buffer;
            subject.OnNext(buffer);
        }, static _ => { });

        _source.Send([1, 1]);

        Assert.IsType<InvalidOperationException>(Assert.Single(_source.Thrown));
        _area.AssertAllReturned();
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(16, false)]
    [InlineData(16, true)]
    public void Parser_may_request_more_bytes_than_it_needs(int maxHeld, bool pressureComesAndGoes)
    {
        FramingOptions options = new() { MaxLeasedBuffers = maxHeld };
        using IDisposable subscription = _source.Frames(new EnvelopeParser(40), 200, options).Subscribe(_collector);
        byte[] small = [EnvelopeParser.Start, 0, 1, 7, EnvelopeParser.End];
        byte[] large = [EnvelopeParser.Start, 0, 100, .. Enumerable.Range(0, 100).Select(static i => (byte)i), EnvelopeParser.End];
        byte[] stream = [.. small, .. small, .. large, .. small, .. small, .. large];

        // Sends the stream in pieces of each length from 1 to 63. The parser requests 40 bytes first, so several frames can arrive before
        // it decides.
        for (int piece = 1; piece < 64; piece++)
        {
            for (int sent = 0; sent < stream.Length; sent += piece)
            {
                _source.Send(stream.AsSpan(sent, Math.Min(piece, stream.Length - sent)));
                if (pressureComesAndGoes)
                {
                    _area.Ledger.IsUnderPressure = !_area.Ledger.IsUnderPressure;
                }
            }

            Assert.Equal([[7], [7], large[3..^1], [7], [7], large[3..^1]], _collector.Frames);
            _collector.Frames.Clear();
        }

        _source.Complete();
        Assert.Equal(1, _collector.Completions);
        _area.AssertAllReturned();
    }

    [Fact]
    public void Observer_that_throws_returns_kept_buffers_although_the_source_reports_no_error()
    {
        using Subject<ReceivedBuffer> subject = new();
        using IDisposable subscription = subject.Frames(LengthPrefix.UInt8, 100).Subscribe(_collector);
        using IDisposable feed = System.ObservableExtensions.Subscribe(_source, buffer =>
        {
            try
            {
                subject.OnNext(buffer);
            }
            catch (InvalidOperationException)
            {
                // A source may ignore the exception and continue. The operator must tolerate that.
            }
        });
        _collector.OnFrame = static (_, _) => throw new InvalidOperationException();

        _source.Send([2, 1]);
        _source.Send([2, 2, 3]);
        _area.AssertAllReturned();
        _source.Send([4, 1, 1]);
        subject.OnCompleted();

        Assert.Empty(_collector.Frames);
        Assert.IsType<InvalidOperationException>(Assert.Single(_collector.Errors));
        Assert.Equal(0, _collector.Completions);
        _area.AssertAllReturned();
    }

    [Theory]
    [InlineData("nothing", "a frame of no bytes at all")]
    [InlineData("skip", "drops 6 bytes around a frame, more than the 4 of its MaxOverhead")]
    [InlineData("negative", "the parser threw ArgumentOutOfRangeException")]
    [InlineData("throw", "the parser threw FormatException: no envelope.")]
    [InlineData("error", "it is no envelope.")]
    [InlineData("more", "it announces 105 bytes, and the limit is 100")]
    public void Parser_with_an_invalid_decision_ends_the_stream(string how, string cause)
    {
        using IDisposable subscription = _source.Frames(new WrongParser(how), 100).Subscribe(_collector);

        _source.Send([1]);

        ZcrxFramingException error = Assert.IsType<ZcrxFramingException>(Assert.Single(_collector.Errors));
        Assert.Contains(cause, error.Message, StringComparison.Ordinal);
        Assert.Equal(how is "throw" or "negative", error.InnerException is not null);
        _area.AssertAllReturned();
    }

    [Fact]
    public void Frames_refuses_invalid_arguments_at_once()
    {
        Assert.Throws<ArgumentException>(() => _source.Frames(default(LengthPrefix), 1));
        Assert.Throws<ArgumentException>(() => _source.Frames(default(Delimiter), 1));
        Assert.Throws<ArgumentException>(() => Delimiter.Of([]));
        Assert.Throws<ArgumentException>(() => Delimiter.Of(new byte[Delimiter.MaxLength + 1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => _source.Frames(Delimiter.LineFeed, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => _source.Frames(Delimiter.LineFeed, 2.GiB()));
        Assert.Throws<ArgumentNullException>(() => _source.Frames(null!, 1));
        Assert.Throws<ArgumentNullException>(() => ZcrxFramingExtensions.Frames(null!, Delimiter.LineFeed, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FramingOptions { MaxLeasedBuffers = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => FrameDecision.NeedMore(-1));
        Assert.Throws<ArgumentException>(() => FrameDecision.Error(""));
    }

    [Fact]
    public void Delimiters_are_equal_when_their_bytes_are()
    {
        byte[] bytes = [13, 10];
        Delimiter crLf = Delimiter.Of(bytes);
        bytes[0] = 0;

        Assert.Equal(Delimiter.CrLf, crLf);
        Assert.Equal(Delimiter.CrLf.GetHashCode(), crLf.GetHashCode());
        Assert.NotEqual(Delimiter.CrLf, crLf with { IncludeDelimiter = true });
        Assert.Equal("0D0A", crLf.ToString());
        Assert.Equal(Delimiter.LineFeed, Delimiter.Of(10));
    }

    private sealed class WrongParser(string how) : IFrameParser
    {
        public int MaxOverhead => 4;

        public FrameDecision Parse(in ReadOnlySequence<byte> buffered, long seen) => how switch
        {
            "nothing" => FrameDecision.Frame(0, 0),
            "skip" => FrameDecision.Frame(5, 10, 1),
            "negative" => FrameDecision.Frame(0, -1),
            "throw" => throw new FormatException("no envelope."),
            "error" => FrameDecision.Error("it is no envelope"),
            _ => FrameDecision.NeedMore(105),
        };
    }
}
