using System.Reactive;
using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Reactive.Threading.Tasks;
using Zcrx.Rx.Operators;

namespace Zcrx.Rx;

/// <summary>Provides operators that process frames off the ring thread, as <see cref="ZcrxOffloadExtensions"/> does for buffers.</summary>
/// <remarks>
/// The operators lease each frame, as <see cref="ReceivedFrame.Retain"/> does. The bounds for waiting frames and bytes are exact. When a
/// bound is reached, no further frame is cut, not even from a buffer that was already delivered. A frame that is longer than the byte bound
/// is accepted when nothing else waits.
/// </remarks>
public static class ZcrxFrameExtensions
{
    /// <summary>Runs an asynchronous handler for each frame.</summary>
    /// <param name="source">The borrowed frames.</param>
    /// <param name="handler">
    /// The handler. It receives a lease, which is released when the handler's task ends. To keep the frame longer, call
    /// <see cref="FrameLease.Move"/>. The token is cancelled when the subscription is disposed or another call of the handler fails.
    /// </param>
    /// <param name="maxConcurrency">The largest number of concurrent calls of the handler. With 1, the frames are handled in order.</param>
    /// <param name="maxQueued">The largest number of frames that may wait for the handler.</param>
    /// <param name="maxQueuedBytes">The largest number of bytes that may wait for the handler.</param>
    /// <returns>
    /// An observable that starts the processing when it is subscribed to. It completes when all frames are handled, and fails when the
    /// handler or the stream fails. The handler and the observer run on the thread pool.
    /// </returns>
    public static IObservable<Unit> Process(
        this IObservable<ReceivedFrame> source,
        Func<FrameLease, CancellationToken, ValueTask> handler,
        int maxConcurrency = 1,
        int maxQueued = ZcrxOffloadExtensions.DefaultMaxQueued,
        long maxQueuedBytes = ZcrxOffloadExtensions.DefaultMaxQueuedBytes)
    {
        LeaseSequence.Validate(source, maxQueued, maxQueuedBytes);
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxConcurrency);
        return Observable.Create<Unit>(observer =>
        {
            ProcessOperation<ReceivedFrame, FrameLease> operation = new(FrameLeasing.Instance, handler, maxQueued, maxQueuedBytes, observer);
            operation.Start(source, maxConcurrency);
            return operation;
        });
    }

    /// <summary>Runs an asynchronous handler for each frame, and returns a task for the whole stream.</summary>
    /// <param name="source">The borrowed frames.</param>
    /// <param name="handler">
    /// The handler. It receives a lease, which is released when the handler's task ends. Its token is cancelled when
    /// <paramref name="cancellationToken"/> is cancelled or another call of the handler fails.
    /// </param>
    /// <param name="maxConcurrency">The largest number of concurrent calls of the handler. With 1, the frames are handled in order.</param>
    /// <param name="maxQueued">The largest number of frames that may wait for the handler.</param>
    /// <param name="maxQueuedBytes">The largest number of bytes that may wait for the handler.</param>
    /// <param name="cancellationToken">Stops the processing and releases the waiting frames.</param>
    /// <returns>A task that completes when all frames are handled. It faults with the first failure of the handler or the stream.</returns>
    public static Task ProcessAsync(
        this IObservable<ReceivedFrame> source,
        Func<FrameLease, CancellationToken, ValueTask> handler,
        int maxConcurrency = 1,
        int maxQueued = ZcrxOffloadExtensions.DefaultMaxQueued,
        long maxQueuedBytes = ZcrxOffloadExtensions.DefaultMaxQueuedBytes,
        CancellationToken cancellationToken = default) =>
        source.Process(handler, maxConcurrency, maxQueued, maxQueuedBytes).LastOrDefaultAsync().ToTask(cancellationToken);

    /// <summary>Delivers the frames on a scheduler, in order.</summary>
    /// <param name="source">The borrowed frames.</param>
    /// <param name="scheduler">The scheduler on which the observer is called.</param>
    /// <param name="maxQueued">The largest number of frames that may wait for the scheduler.</param>
    /// <param name="maxQueuedBytes">The largest number of bytes that may wait for the scheduler.</param>
    /// <returns>
    /// The leases of the frames. Each lease is released when <c>OnNext</c> returns, unless the observer has called
    /// <see cref="FrameLease.Move"/>.
    /// </returns>
    public static IObservable<FrameLease> Offload(
        this IObservable<ReceivedFrame> source,
        IScheduler scheduler,
        int maxQueued = ZcrxOffloadExtensions.DefaultMaxQueued,
        long maxQueuedBytes = ZcrxOffloadExtensions.DefaultMaxQueuedBytes)
    {
        LeaseSequence.Validate(source, maxQueued, maxQueuedBytes);
        ArgumentNullException.ThrowIfNull(scheduler);
        return new OffloadObservable<ReceivedFrame, FrameLease>(source, FrameLeasing.Instance, scheduler, maxQueued, maxQueuedBytes);
    }

    /// <summary>Returns the frames as an asynchronous sequence.</summary>
    /// <param name="source">The borrowed frames.</param>
    /// <param name="maxQueued">The largest number of frames that may wait to be read.</param>
    /// <param name="maxQueuedBytes">The largest number of bytes that may wait to be read.</param>
    /// <param name="cancellationToken">Ends the enumeration and releases the waiting frames.</param>
    /// <returns>
    /// The leases of the frames. Each lease is released when the next one is read, unless it was moved. If the stream fails, the
    /// enumeration throws the stream's error. Receiving starts with the enumeration.
    /// </returns>
    public static IAsyncEnumerable<FrameLease> ToAsyncEnumerable(
        this IObservable<ReceivedFrame> source,
        int maxQueued = ZcrxOffloadExtensions.DefaultMaxQueued,
        long maxQueuedBytes = ZcrxOffloadExtensions.DefaultMaxQueuedBytes,
        CancellationToken cancellationToken = default) => LeaseSequence.Of(source, FrameLeasing.Instance, maxQueued, maxQueuedBytes, cancellationToken);

    /// <summary>Returns the frames as a channel of leases.</summary>
    /// <param name="source">The borrowed frames.</param>
    /// <param name="maxQueued">The largest number of frames that may wait to be read.</param>
    /// <param name="maxQueuedBytes">The largest number of bytes that may wait to be read.</param>
    /// <returns>
    /// A reader, which the caller owns and must dispose. Receiving starts at once. If the stream fails, the completion of the reader faults
    /// with the stream's error.
    /// </returns>
    public static LeaseReader<FrameLease> ToChannel(
        this IObservable<ReceivedFrame> source,
        int maxQueued = ZcrxOffloadExtensions.DefaultMaxQueued,
        long maxQueuedBytes = ZcrxOffloadExtensions.DefaultMaxQueuedBytes) => LeaseSequence.ToChannel(source, FrameLeasing.Instance, maxQueued, maxQueuedBytes);
}
