using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Framing;

/// <summary>Tests that framing allocates nothing per frame or buffer after a warm-up.</summary>
public sealed class FramingAllocationTests
{
    private const int Rounds = 2_000;
    private const int BufferSize = 64;

    [Theory]
    [InlineData(4)]
    [InlineData(60)]
    public void Frames_within_a_buffer_allocate_nothing(int length) =>
        AssertAllocatesNothing(length, alignedTo: length + 1, underPressure: false);

    [Theory]
    [InlineData(100)]
    [InlineData(250)]
    public void Frames_that_straddle_buffers_allocate_nothing(int length) =>
        AssertAllocatesNothing(length, alignedTo: 1, underPressure: false);

    [Theory]
    [InlineData(100)]
    [InlineData(250)]
    public void Frames_that_are_copied_under_pressure_allocate_nothing(int length) => AssertAllocatesNothing(length, alignedTo: 1, underPressure: true);

    [Theory]
    [InlineData(4, 5)]
    [InlineData(60, 61)]
    [InlineData(100, 1)]
    public void Lines_allocate_nothing(int length, int alignedTo) =>
        AssertAllocatesNothing(length, alignedTo, underPressure: false, Delimiter.Line);

    [Theory]
    [InlineData(4, 5)]
    [InlineData(60, 61)]
    [InlineData(100, 1)]
    [InlineData(250, 1)]
    public void Skipped_lines_are_counted_and_allocate_nothing(int length, int alignedTo)
    {
        FrameSkips skips = new(static _ => { });
        AssertAllocatesNothing(length, alignedTo, underPressure: false, Delimiter.Any("\n"u8, "12345\n"u8), skips);

        Assert.Equal(2 * Rounds * BufferSize, skips.Count);
        Assert.Equal(skips.Count * length, skips.Bytes);
    }

    private static void AssertAllocatesNothing(int length, int alignedTo, bool underPressure, Delimiter delimiter = default, FrameSkips? skips = null)
    {
        const int size = BufferSize;
        using InMemoryArea area = new(8, size, checkBorrows: false);
        area.Ledger.IsUnderPressure = underPressure;
        FrameCounter counter = new();
        byte[] stream = new byte[size * (length + 1)];
        bool isDelimited = delimiter != default;
        for (int i = 0; i < stream.Length; i += length + 1)
        {
            // Writes a prefix before each frame, or a delimiter after it.
            stream[isDelimited ? i + length : i] = isDelimited ? (byte)'\n' : (byte)length;
        }

        int piece = size / alignedTo * alignedTo;
        PieceSource source = new(area);
        IObservable<ReceivedFrame> frames = isDelimited
            ? source.Frames(delimiter, skips is null ? byte.MaxValue : 3, new FramingOptions { Skips = skips })
            : source.Frames(LengthPrefix.UInt8, byte.MaxValue);
        using IDisposable subscription = frames.Subscribe(counter);

        // The first run fills the caches of segments and arrays. It also lets the JIT compiler reach its last tier, because a change of
        // tiers allocates.
        Send(source, stream, piece, Rounds);
        counter.Count = 0;
        long before = GC.GetAllocatedBytesForCurrentThread();
        Send(source, stream, piece, Rounds);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(skips is null ? Rounds * size : 0, counter.Count);
        Assert.Equal(0, allocated);
        area.AssertAllReturned();
    }

    private static void Send(PieceSource source, byte[] stream, int piece, int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            for (int sent = 0; sent < stream.Length; sent += piece)
            {
                source.Send(stream.AsSpan(sent, Math.Min(piece, stream.Length - sent)));
            }
        }
    }

    /// <summary>Represents a source of buffers with one observer. It does nothing else, so the test measures only the operator.</summary>
    private sealed class PieceSource(InMemoryArea area) : IObservable<ReceivedBuffer>, IDisposable
    {
        private IObserver<ReceivedBuffer>? _observer;
        private long _position;

        public IDisposable Subscribe(IObserver<ReceivedBuffer> observer)
        {
            _observer = observer;
            return this;
        }

        public void Send(ReadOnlySpan<byte> bytes)
        {
            _observer!.OnNext(area.Begin(bytes, _position, out ulong offset));
            area.End(offset);
            _position += bytes.Length;
        }

        public void Dispose() => _observer = null;
    }

    private sealed class FrameCounter : IObserver<ReceivedFrame>
    {
        public int Count { get; set; }

        public void OnNext(ReceivedFrame value) => Count++;

        public void OnCompleted()
        {
        }

        public void OnError(Exception error) => throw error;
    }
}
