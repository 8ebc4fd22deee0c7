using System.Buffers;
using System.Text;
using System.Threading.Channels;
using LogIngest.Storing;

namespace LogIngest.Tests.Support;

/// <summary>Represents a store in which the test ends each attempt, with success or failure.</summary>
internal sealed class ManualStores : ILogStores
{
    private readonly Channel<Attempt> _attempts = Channel.CreateUnbounded<Attempt>();
    private int _disposed;
    private int _disposedInUse;

    /// <summary>Gets the number of stores that were disposed.</summary>
    public int Disposed => Volatile.Read(ref _disposed);

    /// <summary>Gets the number of stores that were disposed while they were storing.</summary>
    public int DisposedInUse => Volatile.Read(ref _disposedInUse);

    public ILogStore Open(int writer) => new Store(this);

    /// <summary>Waits for the next attempt to store a batch, and returns it.</summary>
    public Task<Attempt> NextAsync() => _attempts.Reader.ReadAsync().AsTask().Within("an attempt begins");

    /// <summary>Represents an attempt to store a batch.</summary>
    internal sealed class Attempt(LogBatch batch, CancellationToken cancellation)
    {
        private readonly TaskCompletionSource<InvalidMessages> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<InvalidMessages> Task => _end.Task;

        public bool IsCancelled => cancellation.IsCancellationRequested;

        /// <summary>
        /// Gets a text with the number of the batch, the number of failed attempts, and the last word of each message. Each call reads the
        /// words from the receive buffers.
        /// </summary>
        public string Batch => $"{batch.Number}/{batch.FailedAttempts}: {string.Join(' ', batch.Entries.Select(static entry => Encoding.ASCII.GetString(entry.Bytes.ToArray()).Split(' ')[^1]))}";

        public void Succeed() => _end.SetResult(new InvalidMessages());

        public void Fail() => _end.SetException(new IOException("the test fails the attempt"));
    }

    private sealed class Store(ManualStores owner) : ILogStore
    {
        private Attempt? _last;

        public Task<InvalidMessages> StoreAsync(LogBatch batch, CancellationToken cancellationToken)
        {
            _last = new Attempt(batch, cancellationToken);
            Assert.True(owner._attempts.Writer.TryWrite(_last));
            return _last.Task;
        }

        public ValueTask DisposeAsync()
        {
            Interlocked.Increment(ref owner._disposed);
            if (_last is { Task.IsCompleted: false })
            {
                Interlocked.Increment(ref owner._disposedInUse);
            }

            return ValueTask.CompletedTask;
        }
    }
}
