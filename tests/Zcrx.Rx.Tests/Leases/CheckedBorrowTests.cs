using System.Buffers;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Leases;

/// <summary>Tests memory and frames that are used after OnNext, on a queue with CheckBorrows.</summary>
public sealed class CheckedBorrowTests : IDisposable
{
    private readonly InMemoryArea _area = new(8, 16, checkBorrows: true);
    private readonly BufferSource _source;

    public CheckedBorrowTests() => _source = new BufferSource(_area);

    public void Dispose() => _area.Dispose();

    [Fact]
    public void Memory_of_a_buffer_throws_after_the_callback()
    {
        ReadOnlyMemory<byte> kept = default;
        using IDisposable subscription = _source.Subscribe(new Observer<ReceivedBuffer>(buffer =>
        {
            kept = buffer.Memory[1..];
            Assert.Equal([2, 3], kept.ToArray());
            using MemoryHandle pin = kept.Pin();
        }));
        _source.Send([1, 2, 3]);

        Assert.Throws<ObjectDisposedException>(() => kept.Span.Length);
        Assert.Throws<ObjectDisposedException>(() => kept.Pin());
        Assert.Throws<ObjectDisposedException>(kept.ToArray);
        _source.Send([4, 5, 6]);
        Assert.Throws<ObjectDisposedException>(() => kept.Span.Length);
    }

    [Fact]
    public void Retain_and_Memory_on_another_thread_throw_inside_the_callback()
    {
        Exception?[] exceptions = [];
        using IDisposable subscription = _source.Subscribe(new Observer<ReceivedBuffer>(buffer =>
        {
            Action[] uses = [() => _ = buffer.Memory, () => buffer.Retain().Dispose()];
            Thread thread = new(() => exceptions = [.. uses.Select(Record.Exception)]);
            thread.Start();
            thread.Join();
        }));
        _source.Send([1]);

        Assert.Equal(2, exceptions.Length);
        Assert.All(exceptions, static exception => Assert.Contains("another thread", Assert.IsType<InvalidOperationException>(exception).Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Memory_is_readable_on_another_thread_while_the_callback_waits_for_it()
    {
        byte[] read = [];
        using IDisposable subscription = _source.Subscribe(new Observer<ReceivedBuffer>(buffer =>
        {
            ReadOnlyMemory<byte> memory = buffer.Memory;
            Thread thread = new(() => read = memory.ToArray());
            thread.Start();
            thread.Join();
        }));
        _source.Send([1, 2]);

        Assert.Equal([1, 2], read);
    }

    [Theory]
    [InlineData("within a buffer", 3, int.MaxValue)]
    [InlineData("over three buffers that are kept", 40, int.MaxValue)]
    [InlineData("over three buffers that are copied", 40, 0)]
    [InlineData("empty", 0, int.MaxValue)]
    public void Frame_throws_after_the_callback(string frame, int length, int keepLimit)
    {
        _area.Ledger.LeaseLimit = keepLimit;
        List<ReadOnlySequence<byte>> kept = [];
        byte[] payload = [.. Enumerable.Range(0, length).Select(static i => (byte)i)];
        using IDisposable subscription = _source.Frames(LengthPrefix.UInt8, 100).Subscribe(new Observer<ReceivedFrame>(received =>
        {
            ReadOnlySequence<byte> sequence = received.Sequence;
            Assert.Equal(payload, sequence.ToArray());
            kept.Add(sequence);
        }));
        _source.Send([(byte)length, .. payload, (byte)length, .. payload]);

        Assert.True(_source.Thrown.Count == 0, frame);
        Assert.Equal(2, kept.Count);
        Assert.All(kept, sequence =>
        {
            Assert.Throws<ObjectDisposedException>(() => sequence.FirstSpan.Length);
            if (!sequence.IsSingleSegment)
            {
                Assert.All(Pieces(sequence), static piece => Assert.Throws<ObjectDisposedException>(() => piece.Span.Length));
            }
        });
        _area.AssertAllReturned();
    }

    [Fact]
    public async Task Option_of_the_queue_enables_the_check()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(configure: static options => options with { CheckBorrows = true });
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            ReadOnlyMemory<byte> kept = default;
            Recorder recorder = new(peer.Stream) { Then = buffer => kept = buffer.Memory };
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAsync(100);
            await recorder.ReachAsync(100);

            await Deadline.UntilAsync(() => Record.Exception(() => kept.Span.Length) is ObjectDisposedException, "the loan has ended");
        }
    }

    [Fact]
    public async Task Memory_without_the_option_allocates_nothing()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(configure: static options => options with { CheckBorrows = false });
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            long allocated = -1;
            Recorder recorder = new(peer.Stream)
            {
                Then = buffer =>
                {
                    _ = buffer.Memory;
                    long before = GC.GetAllocatedBytesForCurrentThread();
                    _ = buffer.Memory;
                    allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                },
            };
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAsync(100);
            await recorder.ReachAsync(100);

            Assert.Equal(0, allocated);
        }
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Pieces(ReadOnlySequence<byte> sequence)
    {
        SequencePosition position = sequence.Start;
        while (sequence.TryGet(ref position, out ReadOnlyMemory<byte> piece))
        {
            yield return piece;
        }
    }

    private sealed class Observer<T>(Action<T> next) : IObserver<T>
    {
        public void OnNext(T value) => next(value);

        public void OnError(Exception error)
        {
        }

        public void OnCompleted()
        {
        }
    }
}
