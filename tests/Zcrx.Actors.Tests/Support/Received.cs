using System.Collections.Concurrent;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Support;

/// <summary>Represents a connection handler that records all bytes and the end of each stream.</summary>
internal sealed class Received
{
    private readonly ConcurrentQueue<Stream> _streams = new();

    public IReadOnlyList<Stream> Streams => [.. _streams];

    /// <summary>Gets the event for which OnNext waits on the ring thread; null if OnNext does not wait.</summary>
    public ManualResetEventSlim? Gate { get; init; }

    public IDisposable Handle(ZcrxConnection connection)
    {
        Stream stream = new(connection, Gate);
        _streams.Enqueue(stream);
        stream.Subscription = connection.Buffers.Subscribe(stream);
        return stream;
    }

    public async Task<Stream> StreamAsync(int index)
    {
        await Eventually.TrueAsync(() => _streams.Count > index, $"connection {index} is accepted");
        return Streams[index];
    }

    internal sealed class Stream(ZcrxConnection connection, ManualResetEventSlim? gate = null) : IObserver<Interop.ReceivedBuffer>, IDisposable
    {
        private readonly MemoryStream _bytes = new();
        private readonly TaskCompletionSource<Exception?> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private long _length;

        public ZcrxConnection Connection => connection;

        public IDisposable? Subscription { get; set; }

        /// <summary>Gets a task with the error of the stream; the result is null if the peer ended the stream.</summary>
        public Task<Exception?> Ended => _ended.Task;

        public long Length => Volatile.Read(ref _length);

        public bool IsDisposed { get; private set; }

        public byte[] ToArray() => _bytes.ToArray();

        /// <summary>Waits for a number of bytes, and compares them with <see cref="Payload"/>.</summary>
        public async Task AssertReceivedAsync(int length)
        {
            await Eventually.TrueAsync(() => Length >= length, $"{length} bytes are received");
            Assert.Equal(Payload.Bytes(length), ToArray());
        }

        public void OnNext(Interop.ReceivedBuffer value)
        {
            gate?.Wait(Eventually.Limit);
            _bytes.Write(value.Span);
            Volatile.Write(ref _length, _bytes.Length);
        }

        public void OnCompleted() => _ended.TrySetResult(null);

        public void OnError(Exception error) => _ended.TrySetResult(error);

        public void Dispose()
        {
            IsDisposed = true;
            Subscription?.Dispose();
        }
    }
}
