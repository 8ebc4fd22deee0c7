using System.Reactive.Linq;
using System.Reactive.Subjects;
using Zcrx.Rx;

namespace Zcrx.Actors.Queues;

/// <summary>Holds the open queues, and merges their event streams. A queue that is opened later joins the merged streams.</summary>
internal sealed class QueueDirectory : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Subject<(long Number, ZcrxQueue Queue)> _opened = new();
    private readonly List<(long Number, ZcrxQueue Queue)> _open = [];
    private long _numbers;

    public IObservable<PoolPressure> Pressure => Span(static queue => queue.Pressure);

    public IObservable<ZcrxNotification> Notifications => Span(static queue => queue.Notifications);

    public IObservable<QueueStatistics> Statistics => Span(static queue => queue.Statistics);

    public void Add(ZcrxQueue queue)
    {
        (long, ZcrxQueue) entry;
        lock (_gate)
        {
            entry = (++_numbers, queue);
            _open.Add(entry);
        }

        // Runs outside the lock, because a subscription to the queue may call application code at once.
        _opened.OnNext(entry);
    }

    public void Remove(ZcrxQueue queue)
    {
        lock (_gate)
        {
            _open.RemoveAll(entry => entry.Queue == queue);
        }
    }

    /// <summary>Completes the streams, because no further queue will be opened.</summary>
    public void Complete() => _opened.OnCompleted();

    // The subject is not disposed, because the supervisor may end after the services of the host. It then completes the subject again.
    public void Dispose() => Complete();

    private IObservable<T> Span<T>(Func<ZcrxQueue, IObservable<T>> stream) => Observable.Create<T>(observer =>
    {
        SerialObserver<T> serial = new(observer);
        return OpenQueues()
            .SelectMany(queue => Pass(stream, queue, serial))
            .Subscribe(static _ => { }, serial.OnError, serial.OnCompleted);
    });

    /// <summary>
    /// Forwards the values of one queue directly to the observer. They bypass <c>SelectMany</c>, which would hold a lock while the observer
    /// runs. <c>SelectMany</c> receives only the end of the stream.
    /// </summary>
    private static IObservable<T> Pass<T>(Func<ZcrxQueue, IObservable<T>> stream, ZcrxQueue queue, SerialObserver<T> serial) => Observable
        .Create<T>(end => stream(queue).Subscribe(serial.OnNext, end.OnError, end.OnCompleted))
        // The queue was closed before this subscription, and publishes nothing.
        .Catch<T, ObjectDisposedException>(static _ => Observable.Empty<T>());

    private IObservable<ZcrxQueue> OpenQueues() => Observable
        .Create<(long Number, ZcrxQueue Queue)>(observer =>
        {
            SerialObserver<(long, ZcrxQueue)> serial = new(observer);
            // Subscribes before the open queues are read, so that no queue is missed. Holds no lock, because a completed subject calls
            // OnCompleted of the application at once.
            IDisposable subscription = _opened.Subscribe(serial);
            (long, ZcrxQueue)[] open;
            lock (_gate)
            {
                open = [.. _open];
            }

            Array.ForEach(open, serial.OnNext);
            return subscription;
        })
        // Drops a duplicate: a queue that opens between the subscription and the copy of the list arrives twice.
        .Distinct(static entry => entry.Number)
        .Select(static entry => entry.Queue);
}
