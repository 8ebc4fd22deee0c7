using System.IO.Pipelines;
using System.Reactive;
using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Reactive.Threading.Tasks;
using Zcrx.Interop;
using Zcrx.Rx.Operators;

namespace Zcrx.Rx;

/// <summary>Provides operators that process buffers off the ring thread, for work that takes longer than <c>OnNext</c> should.</summary>
/// <remarks>
/// <para>All operators lease the buffers without copying, and bound the waiting items and bytes. At a bound, an operator pauses the
/// connection, so that the sender slows down. Bytes that the kernel has already delivered then wait with the connection, see
/// <see cref="ZcrxConnection.BytesWaiting"/>. The bounds are therefore exact.</para>
/// <para>An operator that is cancelled, disposed, completed or faulted leaks no buffer. If a consumer of <c>Process</c> or
/// <c>Offload</c> throws, its stream ends, and the connection is reset unless it has another observer. Each operator counts as work until
/// it has finished, see <see cref="CloseMode.AfterConsumers"/>.</para>
/// </remarks>
public static class ZcrxOffloadExtensions
{
    /// <summary>The default number of items that may wait.</summary>
    public const int DefaultMaxQueued = 64;

    /// <summary>The default number of bytes that may wait: 4 MiB.</summary>
    public const long DefaultMaxQueuedBytes = 4L << 20;

    /// <summary>Runs an asynchronous handler for each buffer.</summary>
    /// <param name="source">Borrowed buffers.</param>
    /// <param name="handler">
    /// Receives a lease that is released when the handler's task ends, even with an error. Call <see cref="BufferLease.Move"/> to keep the
    /// buffer longer. The token is cancelled when the subscription is disposed or another call has failed.
    /// </param>
    /// <param name="maxConcurrency">The maximum number of concurrent calls. With 1 the buffers are handled in order. With more, calls begin
    /// in order and may end in any order.</param>
    /// <param name="maxQueued">The number of buffers that may wait.</param>
    /// <param name="maxQueuedBytes">The number of bytes that may wait.</param>
    /// <returns>An observable that completes when all buffers are handled, and fails with the first failure of the handler or the stream.
    /// Nothing runs before the subscription. The handler, and the observer's completion or error, run on the thread pool.</returns>
    public static IObservable<Unit> Process(
        this IObservable<ReceivedBuffer> source,
        Func<BufferLease, CancellationToken, ValueTask> handler,
        int maxConcurrency = 1,
        int maxQueued = DefaultMaxQueued,
        long maxQueuedBytes = DefaultMaxQueuedBytes)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxConcurrency);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxQueued);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxQueuedBytes);
        return Observable.Create<Unit>(observer =>
        {
            ProcessOperation<ReceivedBuffer, BufferLease> operation = new(BufferLeasing.Instance, handler, maxQueued, maxQueuedBytes, observer);
            operation.Start(source, maxConcurrency);
            return operation;
        });
    }

    /// <summary>Runs an asynchronous handler for each buffer, and returns a task for the whole stream.</summary>
    /// <param name="source">Borrowed buffers.</param>
    /// <param name="handler">
    /// Receives a lease that is released when the handler's task ends. The handler's token is cancelled when
    /// <paramref name="cancellationToken"/> is cancelled or another call has failed.
    /// </param>
    /// <param name="maxConcurrency">The maximum number of concurrent calls. With 1 the buffers are handled in order.</param>
    /// <param name="maxQueued">The number of buffers that may wait.</param>
    /// <param name="maxQueuedBytes">The number of bytes that may wait.</param>
    /// <param name="cancellationToken">Ends the processing. Waiting buffers are released.</param>
    /// <returns>
    /// A task that completes when all buffers are handled. It faults with the first failure of the handler or the stream.
    /// </returns>
    public static Task ProcessAsync(
        this IObservable<ReceivedBuffer> source,
        Func<BufferLease, CancellationToken, ValueTask> handler,
        int maxConcurrency = 1,
        int maxQueued = DefaultMaxQueued,
        long maxQueuedBytes = DefaultMaxQueuedBytes,
        CancellationToken cancellationToken = default) =>
        source.Process(handler, maxConcurrency, maxQueued, maxQueuedBytes).LastOrDefaultAsync().ToTask(cancellationToken);

    /// <summary>Delivers the buffers on another scheduler, in order.</summary>
    /// <param name="source">Borrowed buffers.</param>
    /// <param name="scheduler">The scheduler on which the observer is called.</param>
    /// <param name="maxQueued">The number of buffers that may wait.</param>
    /// <param name="maxQueuedBytes">The number of bytes that may wait.</param>
    /// <returns>
    /// Leases that are lent for the duration of <c>OnNext</c>. Each is released when <c>OnNext</c> returns, unless the observer has called
    /// <see cref="BufferLease.Move"/> or <see cref="BufferLease.Retain"/>.
    /// </returns>
    /// <remarks>
    /// A scheduler that refuses work, for example because it is disposed, ends the stream with its exception, and the buffers are released.
    /// A scheduler that accepts work but never runs it is not detected: at most <paramref name="maxQueued"/> buffers wait, and the
    /// connection stays paused.
    /// </remarks>
    public static IObservable<BufferLease> Offload(this IObservable<ReceivedBuffer> source, IScheduler scheduler, int maxQueued = DefaultMaxQueued, long maxQueuedBytes = DefaultMaxQueuedBytes)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(scheduler);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxQueued);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxQueuedBytes);
        return new OffloadObservable<ReceivedBuffer, BufferLease>(source, BufferLeasing.Instance, scheduler, maxQueued, maxQueuedBytes);
    }

    /// <summary>Returns the buffers as an asynchronous sequence.</summary>
    /// <param name="source">Borrowed buffers.</param>
    /// <param name="maxQueued">The number of buffers that may wait.</param>
    /// <param name="maxQueuedBytes">The number of bytes that may wait.</param>
    /// <param name="cancellationToken">Ends the enumeration. Waiting buffers are released.</param>
    /// <returns>
    /// The leases. Each is released when the next one is read, unless it was moved. If the stream fails, the sequence throws the same
    /// error. Receiving starts with the enumeration.
    /// </returns>
    public static IAsyncEnumerable<BufferLease> ToAsyncEnumerable(
        this IObservable<ReceivedBuffer> source,
        int maxQueued = DefaultMaxQueued,
        long maxQueuedBytes = DefaultMaxQueuedBytes,
        CancellationToken cancellationToken = default) => LeaseSequence.Of(source, BufferLeasing.Instance, maxQueued, maxQueuedBytes, cancellationToken);

    /// <summary>Returns the buffers as a channel.</summary>
    /// <param name="source">Borrowed buffers.</param>
    /// <param name="maxQueued">The number of buffers that may wait.</param>
    /// <param name="maxQueuedBytes">The number of bytes that may wait.</param>
    /// <returns>
    /// A reader that the caller owns and disposes. Receiving starts at once. If the stream fails, the reader's
    /// completion faults with the same error.
    /// </returns>
    public static LeaseReader<BufferLease> ToChannel(
        this IObservable<ReceivedBuffer> source, int maxQueued = DefaultMaxQueued, long maxQueuedBytes = DefaultMaxQueuedBytes) =>
        LeaseSequence.ToChannel(source, BufferLeasing.Instance, maxQueued, maxQueuedBytes);

    /// <summary>Returns the stream as a <see cref="PipeReader"/> over the original buffers. Advancing past a buffer releases it.</summary>
    /// <param name="source">Borrowed buffers.</param>
    /// <param name="maxQueued">The number of buffers that may wait to be read. Bytes that were read but not consumed do not count.</param>
    /// <param name="maxReadBytes">The maximum number of bytes that one read adds to the unconsumed bytes, up to the end of a buffer. The
    /// default is 256 KiB.</param>
    /// <param name="maxLeasedBuffers">The maximum number of buffers that stay leased after the reader has examined everything. If more are
    /// unconsumed, their bytes are copied, so that long messages do not starve the pool.</param>
    /// <param name="maxUnconsumedBytes">The maximum number of bytes that may be examined but unconsumed. The default is 64 MiB. If more are
    /// unconsumed, the next read fails.</param>
    /// <param name="continueOnRingThread">Whether a read that had to wait continues on the ring thread, after the ring thread has delivered
    /// everything that arrived together. This saves a thread switch for each read. The code between two reads must then be quick and must not
    /// block, as in <c>OnNext</c>. By default the read continues on the thread pool.</param>
    /// <param name="maxQueuedBytes">The number of bytes that may wait to be read. Bytes that were read but not consumed do not count.</param>
    /// <returns>A reader that the caller owns and completes. The connection stays open until then. Receiving starts at once. If the stream
    /// fails, a read throws the same error.</returns>
    /// <remarks>
    /// A read fails with a <see cref="ZcrxFramingException"/> instead of waiting for the rest of a message that is longer than
    /// <paramref name="maxUnconsumedBytes"/>. It fails, too, when a copy would exceed <see cref="ZcrxQueueOptions.MaxCopiedFrameBytes"/> of
    /// the queue. The buffers of short incomplete messages stay leased. With many connections, choose <paramref name="maxLeasedBuffers"/> so
    /// that all readers together leave most of the pool free.
    /// </remarks>
    public static PipeReader ToPipeReader(
        this IObservable<ReceivedBuffer> source,
        int maxQueued = DefaultMaxQueued,
        long maxReadBytes = 256 << 10,
        int maxLeasedBuffers = 16,
        long maxUnconsumedBytes = 64 << 20,
        bool continueOnRingThread = false,
        long maxQueuedBytes = DefaultMaxQueuedBytes)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxQueued);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxQueuedBytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxReadBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(maxLeasedBuffers);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxUnconsumedBytes);
        ReadSignal signal = new(continueOnRingThread ? RingSchedule.Of(source) : null);
        LeaseChannel<ReceivedBuffer, BufferLease> channel = new(BufferLeasing.Instance, maxQueued, maxQueuedBytes, signal.Set, hasOneReader: true);
        LeasePipeReader reader = new(channel, new PipeReaderBounds(maxReadBytes, maxLeasedBuffers, maxUnconsumedBytes), signal);
        channel.SubscribeTo(source);
        return reader;
    }
}
