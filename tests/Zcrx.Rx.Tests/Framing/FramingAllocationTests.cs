using System.Buffers;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Framing;

/// <summary>In steady state nothing is allocated, per frame or per buffer.</summary>
public sealed class FramingAllocationTests
{
    private const int Rounds = 2_000;

    [Theory]
    [InlineData(4)]
    [InlineData(60)]
    public void Frames_within_a_buffer(int length) => AssertAllocatesNothing(length, alignedTo: length + 1, underPressure: false);

    [Theory]
    [InlineData(100)]
    [InlineData(250)]
    public void Frames_that_straddle_buffers(int length) => AssertAllocatesNothing(length, alignedTo: 1, underPressure: false);

    [Theory]
    [InlineData(100)]
    [InlineData(250)]
    public void Frames_that_are_copied_since_the_pool_is_under_pressure(int length) => AssertAllocatesNothing(length, alignedTo: 1, underPressure: true);

    private static void AssertAllocatesNothing(int length, int alignedTo, bool underPressure)
    {
        const int size = 64;
        using InMemoryArea area = new(8, size, checkBorrows: false);
        area.Ledger.IsUnderPressure = underPressure;
        FrameCounter counter = new();
        byte[] stream = new byte[size * (length + 1)];
        for (int i = 0; i < stream.Length; i += length + 1)
        {
            stream[i] = (byte)length;
        }

        int piece = size / alignedTo * alignedTo;
        PieceSource source = new(area);
        using IDisposable subscription = source.Frames(LengthPrefix.UInt8, byte.MaxValue).Subscribe(counter);

        // Once to warm up: pieces, arrays of the pool, and the compiler's tiers, which allocate on this thread when they switch.
        Send(source, stream, piece, Rounds);
        counter.Count = 0;
        long before = GC.GetAllocatedBytesForCurrentThread();
        Send(source, stream, piece, Rounds);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(Rounds * size, counter.Count);
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

    /// <summary>One observer, nothing but the loan: as little as can be around what is measured.</summary>
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

    private sealed class FrameCounter : IObserver<ReadOnlySequence<byte>>
    {
        public int Count { get; set; }

        public void OnNext(ReadOnlySequence<byte> value) => Count++;

        public void OnCompleted()
        {
        }

        public void OnError(Exception error) => throw error;
    }
}
