using System.Reactive;
using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Reactive.Threading.Tasks;
using Zcrx.Rx.Operators;

namespace Zcrx.Rx;

/// <summary>Provides operators that process frames off the ring thread, like <see cref="ZcrxOffloadExtensions"/> for buffers.</summary>
/// <remarks>
/// The operators lease each frame, see <see cref="ReceivedFrame.Retain"/>. Both bounds are exact: at a bound no further frame is cut, not
/// even from a buffer that was already delivered. A frame that is longer than the byte bound is accepted only when nothing else waits.
/// </remarks>
public static class ZcrxFrameExtensions
{
    /// <summary>Runs an asynchronous handler for each frame.</summary>
    /// <param name="source">Borrowed frames.</param>
    /// <param name="handler">
    /// Receives a lease that is released when the handler's task ends. Call <see cref="FrameLease.Move"/> to keep the frame longer. The
    /// token is cancelled when the subscription is disposed or another call has failed.
    /// </param>
    /// <param name="maxConcurrency">The maximum number of concurrent calls. With 1 the frames are handled in order.</param>
    /// <param name="maxQueued">The number of frames that may wait.</param>
    /// <param name="maxQueuedBytes">The number of bytes that may wait.</param>
    /// <returns>An observable that completes when all frames are handled, and fails with the first failure of the handler or the stream.
    /// Nothing runs before the subscription. The handler, and the observer's completion or error, run on the thread pool.</returns>
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
    /// <param name="source">Borrowed frames.</param>
    /// <param name="handler">
    /// Receives a lease that is released when the handler's task ends. The handler's token is cancelled when
    /// <paramref name="cancellationToken"/> is cancelled or another call has failed.
    /// </param>
    /// <param name="maxConcurrency">The maximum number of concurrent calls. With 1 the frames are handled in order.</param>
    /// <param name="maxQueued">The number of frames that may wait.</param>
    /// <param name="maxQueuedBytes">The number of bytes that may wait.</param>
    /// <param name="cancellationToken">Ends the processing. Waiting frames are released.</param>
    /// <returns>A task that completes when all frames are handled. It faults with the first failure of the handler or the stream.</returns>
    public static Task ProcessAsync(
        this IObservable<ReceivedFrame> source,
        Func<FrameLease, CancellationToken, ValueTask> handler,
        int maxConcurrency = 1,
        int maxQueued = ZcrxOffloadExtensions.DefaultMaxQueued,
        long maxQueuedBytes = ZcrxOffloadExtensions.DefaultMaxQueuedBytes,
        CancellationToken cancellationToken = default) =>
        source.Process(handler, maxConcurrency, maxQueued, maxQueuedBytes).LastOrDefaultAsync().ToTask(cancellationToken);

    /// <summary>Passes the frames to a scheduler, in order.</summary>
    /// <param name="source">Borrowed frames.</param>
    /// <param name="scheduler">The scheduler on which the observer is called.</param>
    /// <param name="maxQueued">The number of frames that may wait.</param>
    /// <param name="maxQueuedBytes">The number of bytes that may wait.</param>
    /// <returns>
    /// Leases that are lent for the duration of <c>OnNext</c>. Each is released when <c>OnNext</c> returns, unless the observer has called
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
    /// <param name="source">Borrowed frames.</param>
    /// <param name="maxQueued">The number of frames that may wait.</param>
    /// <param name="maxQueuedBytes">The number of bytes that may wait.</param>
    /// <param name="cancellationToken">Ends the enumeration. Waiting frames are released.</param>
    /// <returns>
    /// The leases. Each is released when the next one is read, unless it was moved. If the stream fails, the sequence throws the same
    /// error. Receiving starts with the enumeration.
    /// </returns>
    public static IAsyncEnumerable<FrameLease> ToAsyncEnumerable(
        this IObservable<ReceivedFrame> source,
        int maxQueued = ZcrxOffloadExtensions.DefaultMaxQueued,
        long maxQueuedBytes = ZcrxOffloadExtensions.DefaultMaxQueuedBytes,
        CancellationToken cancellationToken = default) => LeaseSequence.Of(source, FrameLeasing.Instance, maxQueued, maxQueuedBytes, cancellationToken);

    /// <summary>Returns the frames as a channel.</summary>
    /// <param name="source">Borrowed frames.</param>
    /// <param name="maxQueued">The number of frames that may wait.</param>
    /// <param name="maxQueuedBytes">The number of bytes that may wait.</param>
    /// <returns>
    /// A reader that the caller owns and disposes. Receiving starts at once. If the stream fails, the reader's
    /// completion faults with the same error.
    /// </returns>
    public static LeaseReader<FrameLease> ToChannel(
        this IObservable<ReceivedFrame> source,
        int maxQueued = ZcrxOffloadExtensions.DefaultMaxQueued,
        long maxQueuedBytes = ZcrxOffloadExtensions.DefaultMaxQueuedBytes) => LeaseSequence.ToChannel(source, FrameLeasing.Instance, maxQueued, maxQueuedBytes);
}
