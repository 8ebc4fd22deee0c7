using System.Buffers;
using FsCheck;
using FsCheck.Fluent;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Framing;

/// <summary>
/// Tests that frames are correct and every buffer returns. Streams, their division into buffers and their ends are generated.
/// </summary>
public sealed class FramingPropertyTests
{
    private static readonly int[] Lengths = [0, 1, 2, 3, 5, 8, 13, 40, 100, 255, 256, 700];
    private static readonly int[] BufferSizes = [1, 2, 3, 7, 16, 64, 256, 1024];

    /// <summary>
    /// Contains the generated input of one case, which FsCheck shrinks after a failure. The test maps every number to a valid argument.
    /// </summary>
    /// <param name="Bodies">The lengths of the frames, and the seed of their content.</param>
    /// <param name="Pieces">The sizes of the pieces in which the stream arrives. After the last size, the first one follows.</param>
    public sealed record Script(byte[] Bodies, byte[] Pieces, byte Protocol, byte BufferSize, byte MaxHeld, byte[] PressureToggles, byte[] Moves, byte StopAt);

    [Fact]
    public void Every_frame_arrives_once_in_order_and_intact() => Check(3_000, static script =>
    {
        using Run run = new(script);
        run.SendAll();
        run.Source.Complete();

        Assert.Equal(run.Frames, run.Collector.Frames);
        Assert.Equal(1, run.Collector.Completions);
        Assert.Empty(run.Collector.Errors);
        run.AssertAllReturned();
    });

    [Fact]
    public void Disposal_inside_of_OnNext_ends_the_frames_at_once() => Check(1_500, static script =>
    {
        using Run run = new(script);
        int stopAt = run.StopAt;
        run.Collector.OnFrame = (number, _) =>
        {
            if (number == stopAt)
            {
                run.Subscription.Dispose();
            }
        };
        run.SendAll();
        run.Source.Complete();

        Assert.Equal(run.Frames.Take(stopAt + 1), run.Collector.Frames);
        Assert.Equal(stopAt < run.Frames.Count ? 0 : 1, run.Collector.Ends);
        run.AssertAllReturned();
    });

    [Fact]
    public void Disposal_between_two_buffers_returns_kept_buffers() => Check(1_500, static script =>
    {
        using Run run = new(script);
        run.SendAll(stopAfter: script.StopAt);
        run.Subscription.Dispose();
        run.AssertAllReturned();
        int before = run.Collector.Frames.Count;
        run.SendAll();
        run.Source.Complete();

        Assert.Equal(before, run.Collector.Frames.Count);
        Assert.Equal(run.Frames.Take(before), run.Collector.Frames);
        Assert.Equal(0, run.Collector.Ends);
        Assert.Equal(0, run.Source.Subscribers);
        run.AssertAllReturned();
    });

    [Fact]
    public void Observer_that_throws_receives_its_exception_and_no_further_frame() => Check(1_500, static script =>
    {
        using Run run = new(script);
        int stopAt = run.StopAt;
        InvalidOperationException thrown = new();
        run.Collector.OnFrame = (number, _) =>
        {
            if (number == stopAt)
            {
                throw thrown;
            }
        };
        run.SendAll();
        run.Source.Complete();

        Assert.Equal(run.Frames.Take(stopAt), run.Collector.Frames);
        bool hasThrown = stopAt < run.Frames.Count;
        Assert.Equal(hasThrown ? [thrown] : [], run.Source.Thrown);
        Assert.Equal(hasThrown ? [thrown] : [], run.Collector.Errors);
        Assert.Equal(1, run.Collector.Ends);
        run.AssertAllReturned();
    });

    [Fact]
    public void A_frame_that_is_too_long_ends_the_stream() => Check(1_500, static script =>
    {
        using Run run = new(script, limitAt: script.StopAt);
        run.SendAll();
        run.Source.Complete();

        int longest = run.Frames.FindIndex(frame => frame.Length > run.MaxLength);
        Assert.Equal(longest < 0 ? run.Frames : run.Frames[..longest], run.Collector.Frames);
        if (longest < 0)
        {
            Assert.Equal(1, run.Collector.Completions);
        }
        else
        {
            ZcrxFramingException error = Assert.IsType<ZcrxFramingException>(Assert.Single(run.Collector.Errors));
            Assert.Equal(run.MaxLength, error.Limit);
            Assert.Equal(run.Offsets[longest], error.StreamOffset);
            Assert.Equal(0, run.Source.Subscribers);
        }

        run.AssertAllReturned();
    });

    [Fact]
    public void Stream_that_ends_inside_a_frame_fails() => Check(1_500, static script =>
    {
        using Run run = new(script);
        int end = run.Stream.Length == 0 ? 0 : script.StopAt * 7 % run.Stream.Length;
        run.SendAll(endAt: end);
        run.Source.Complete();

        int whole = run.Offsets.FindLastIndex(offset => offset <= end);
        Assert.Equal(run.Frames[..whole], run.Collector.Frames);
        Assert.Equal(1, run.Collector.Ends);
        if (run.Offsets[whole] == end)
        {
            Assert.Equal(1, run.Collector.Completions);
        }
        else
        {
            ZcrxFramingException error = Assert.IsType<ZcrxFramingException>(Assert.Single(run.Collector.Errors));
            Assert.Equal(run.Offsets[whole], error.StreamOffset);
            Assert.Contains($"the stream ended {end - run.Offsets[whole]} bytes into a frame", error.Cause, StringComparison.Ordinal);
        }

        run.AssertAllReturned();
    });

    [Fact]
    public void Never_more_buffers_are_kept_than_the_quota_and_none_under_pressure() => Check(1_500, static script =>
    {
        using Run run = new(script);
        run.AfterEachBuffer = () =>
        {
            Assert.InRange(run.Areas.Sum(static area => area.Ledger.Leased), 0, run.Options.MaxLeasedBuffers);
            Assert.All(run.Areas.Where(static area => area.Ledger.IsUnderPressure), static area => Assert.Equal(0, area.Ledger.Leased));
        };
        run.SendAll();

        Assert.Equal(run.Frames, run.Collector.Frames);
    });

    private static void Check(int times, Action<Script> property) =>
        Prop.ForAll(property).Check(Config.QuickThrowOnFailure.WithMaxTest(times).WithEndSize(24));

    /// <summary>Represents the sender, the areas and the collected frames of one case.</summary>
    private sealed class Run : IDisposable
    {
        private readonly Script _script;
        private int _sent;
        private int _buffer;

        public Run(Script script, int? limitAt = null)
        {
            _script = script;
            Protocol protocol = Protocol.All[script.Protocol % Protocol.All.Length];
            List<byte> stream = [];
            foreach (byte body in script.Bodies)
            {
                byte[] bytes = new byte[Math.Min(Lengths[body % Lengths.Length], protocol.Largest)];
                new Random(body).NextBytes(bytes);
                Frames.Add(protocol.Body(bytes));
                Offsets.Add(stream.Count);
                protocol.Write(stream, Frames[^1]);
            }

            Offsets.Add(stream.Count);
            Stream = [.. stream];
            MaxLength = limitAt is { } at ? Lengths[at % Lengths.Length] + 1 : 4_000;
            Options = new FramingOptions { MaxLeasedBuffers = script.MaxHeld % 5 };
            int size = BufferSizes[script.BufferSize % BufferSizes.Length];

            // Two areas, because connections move. Two buffers above the lease limit must be enough, because framing never waits for
            // buffers.
            Areas = [new InMemoryArea(Options.MaxLeasedBuffers + 2, size), new InMemoryArea(Options.MaxLeasedBuffers + 2, size)];
            Source = new BufferSource(Areas[0]);
            Subscription = protocol.Frames(Source, MaxLength, Options).Subscribe(Collector);
        }

        public List<byte[]> Frames { get; } = [];

        /// <summary>Gets the stream offset of each frame, and the end of the last frame.</summary>
        public List<int> Offsets { get; } = [];

        public byte[] Stream { get; }

        public int MaxLength { get; }

        public FramingOptions Options { get; }

        public InMemoryArea[] Areas { get; }

        public BufferSource Source { get; }

        public FrameCollector Collector { get; } = new();

        public IDisposable Subscription { get; }

        public Action? AfterEachBuffer { get; set; }

        /// <summary>Gets the index of the frame at which a test stops. The number of frames means the end of the stream.</summary>
        public int StopAt => _script.StopAt % (Frames.Count + 1);

        public void SendAll(int stopAfter = int.MaxValue, int endAt = int.MaxValue)
        {
            int end = Math.Min(Stream.Length, endAt);
            for (int sent = 0; sent < stopAfter && _sent < end; sent++)
            {
                if (_script.PressureToggles.Contains((byte)_buffer))
                {
                    Source.Area.Ledger.IsUnderPressure = !Source.Area.Ledger.IsUnderPressure;
                }

                if (_script.Moves.Contains((byte)_buffer))
                {
                    Source.Area = Source.Area == Areas[0] ? Areas[1] : Areas[0];
                }

                int piece = _script.Pieces.Length == 0 ? int.MaxValue : 1 + _script.Pieces[_buffer % _script.Pieces.Length];
                piece = Math.Min(Math.Min(piece, Source.Area.BufferSize), end - _sent);
                Source.Send(Stream.AsSpan(_sent, piece));
                _sent += piece;
                _buffer++;
                AfterEachBuffer?.Invoke();
            }
        }

        public void AssertAllReturned()
        {
            foreach (InMemoryArea area in Areas)
            {
                area.AssertAllReturned();
            }
        }

        public void Dispose()
        {
            Subscription.Dispose();
            foreach (InMemoryArea area in Areas)
            {
                area.Dispose();
            }
        }
    }
}
