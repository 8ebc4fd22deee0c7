using System.IO.Pipelines;
using System.Reactive;
using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Reactive.Threading.Tasks;
using Zcrx.Interop;
using Zcrx.Rx.Operators;

namespace Zcrx.Rx;

/// <summary>
/// Provides operators that process buffers off the ring thread. They are for work that takes longer than an <c>OnNext</c> should.
/// </summary>
/// <remarks>
/// <para>All operators lease the buffers without copying them, and limit how many items and bytes may wait. At a limit, an operator pauses
/// the connection, so that the sender slows down. The limits are exact. Bytes that the kernel has already delivered then wait with the
/// connection, see <see cref="ZcrxConnection.BytesWaiting"/>.</para>
/// <para>An operator releases all its buffers when it is cancelled, disposed or completed, or when it fails. If a consumer of
/// <c>Process</c> or <c>Offload</c> throws, its stream ends. The connection is reset unless it has another observer. Each operator counts
/// as work of the connection until it has finished, see <see cref="CloseMode.AfterConsumers"/>.</para>
/// </remarks>
public static class ZcrxOffloadExtensions
{
    /// <summary>The default of the largest number of items that may wait.</summary>
    public const int DefaultMaxQueued = 64;

    /// <summary>The default of the largest number of bytes that may wait: 4 MiB.</summary>
    public const long DefaultMaxQueuedBytes = 4L << 20;

    /// <summary>Runs an asynchronous handler for each buffer.</summary>
    /// <param name="source">The borrowed buffers.</param>
    /// <param name="handler">
    /// The handler. It receives a lease, which is released when the handler's task ends, even if it fails. To keep the buffer longer, call
    /// <see cref="BufferLease.Move"/>. The token is cancelled when the subscription is disposed or another call of the handler fails.
    /// </param>
    /// <param name="maxConcurrency">
    /// The largest number of concurrent calls of the handler. With 1, the buffers are handled in order. With more, the calls begin in order
    /// and may end in any order.
    /// </param>
    /// <param name="maxQueued">The largest number of buffers that may wait for the handler.</param>
    /// <param name="maxQueuedBytes">The largest number of bytes that may wait for the handler.</param>
    /// <returns>
    /// An observable that starts the processing when it is subscribed to. It completes when all buffers are handled, and fails when the
    /// handler or the stream fails. The handler and the observer run on the thread pool.
    /// </returns>
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
    /// <param name="source">The borrowed buffers.</param>
    /// <param name="handler">
    /// The handler. It receives a lease, which is released when the handler's task ends. Its token is cancelled when
    /// <paramref name="cancellationToken"/> is cancelled or another call of the handler fails.
    /// </param>
    /// <param name="maxConcurrency">
    /// The largest number of concurrent calls of the handler. With 1, the buffers are handled in order.
    /// </param>
    /// <param name="maxQueued">The largest number of buffers that may wait for the handler.</param>
    /// <param name="maxQueuedBytes">The largest number of bytes that may wait for the handler.</param>
    /// <param name="cancellationToken">Stops the processing and releases the waiting buffers.</param>
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

    /// <summary>Delivers the buffers on a scheduler, in order.</summary>
    /// <param name="source">The borrowed buffers.</param>
    /// <param name="scheduler">The scheduler on which the observer is called.</param>
    /// <param name="maxQueued">The largest number of buffers that may wait for the scheduler.</param>
    /// <param name="maxQueuedBytes">The largest number of bytes that may wait for the scheduler.</param>
    /// <returns>
    /// The leases of the buffers. Each lease is released when <c>OnNext</c> returns, unless the observer has called
    /// <see cref="BufferLease.Move"/> or <see cref="BufferLease.Retain"/>.
    /// </returns>
    /// <remarks>
    /// If the scheduler refuses work, for example because it is disposed, the stream ends with the scheduler's exception and the buffers
    /// are released. If the scheduler accepts work but never runs it, this is not detected. At most <paramref name="maxQueued"/> buffers
    /// then wait, and the connection stays paused.
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
    /// <param name="source">The borrowed buffers.</param>
    /// <param name="maxQueued">The largest number of buffers that may wait to be read.</param>
    /// <param name="maxQueuedBytes">The largest number of bytes that may wait to be read.</param>
    /// <param name="cancellationToken">Ends the enumeration and releases the waiting buffers.</param>
    /// <returns>
    /// The leases of the buffers. Each lease is released when the next one is read, unless it was moved. If the stream fails, the
    /// enumeration throws the stream's error. Receiving starts with the enumeration.
    /// </returns>
    public static IAsyncEnumerable<BufferLease> ToAsyncEnumerable(
        this IObservable<ReceivedBuffer> source,
        int maxQueued = DefaultMaxQueued,
        long maxQueuedBytes = DefaultMaxQueuedBytes,
        CancellationToken cancellationToken = default) => LeaseSequence.Of(source, BufferLeasing.Instance, maxQueued, maxQueuedBytes, cancellationToken);

    /// <summary>Returns the buffers as a channel of leases.</summary>
    /// <param name="source">The borrowed buffers.</param>
    /// <param name="maxQueued">The largest number of buffers that may wait to be read.</param>
    /// <param name="maxQueuedBytes">The largest number of bytes that may wait to be read.</param>
    /// <returns>
    /// A reader, which the caller owns and must dispose. Receiving starts at once. If the stream fails, the completion of the reader faults
    /// with the stream's error.
    /// </returns>
    public static LeaseReader<BufferLease> ToChannel(
        this IObservable<ReceivedBuffer> source, int maxQueued = DefaultMaxQueued, long maxQueuedBytes = DefaultMaxQueuedBytes) =>
        LeaseSequence.ToChannel(source, BufferLeasing.Instance, maxQueued, maxQueuedBytes);

    /// <summary>
    /// Returns the stream as a <see cref="PipeReader"/> over the original buffers. Advancing past a buffer releases the buffer.
    /// </summary>
    /// <param name="source">The borrowed buffers.</param>
    /// <param name="maxQueued">
    /// The largest number of buffers that may wait to be read. Bytes that were read but not consumed do not count.
    /// </param>
    /// <param name="maxReadBytes">The number of bytes after which one read takes no further buffer. The default is 256 KiB.</param>
    /// <param name="maxLeasedBuffers">
    /// The largest number of unconsumed buffers that stay leased once all bytes are examined. If there are more, their bytes are copied, so
    /// that long messages do not take all buffers of the pool.
    /// </param>
    /// <param name="maxUnconsumedBytes">
    /// The largest number of bytes that may be examined but not consumed. If there are more, the next read fails. The default is 64 MiB.
    /// </param>
    /// <param name="continueOnRingThread">
    /// Whether a read that has waited continues on the ring thread, after the deliveries of the current turn. This saves a thread switch
    /// for each read. The code between two reads must then be quick and must not block, as in <c>OnNext</c>. By default the read continues
    /// on the thread pool.
    /// </param>
    /// <param name="maxQueuedBytes">
    /// The largest number of bytes that may wait to be read. Bytes that were read but not consumed do not count.
    /// </param>
    /// <returns>
    /// A reader, which the caller owns and must complete. The connection stays open until then. Receiving starts at once. If the stream
    /// fails, a read throws the stream's error.
    /// </returns>
    /// <remarks>
    /// A read fails with a <see cref="ZcrxFramingException"/> if a message is longer than <paramref name="maxUnconsumedBytes"/>. It also
    /// fails if a copy would exceed <see cref="ZcrxQueueOptions.MaxCopiedFrameBytes"/> of the queue. The buffers of short incomplete
    /// messages stay leased. With many connections, choose <paramref name="maxLeasedBuffers"/> so that all readers together leave most of
    /// the pool free.
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
