using System.Reactive.Linq;
using System.Reactive.Subjects;
using Zcrx.Rx;

namespace Zcrx.Actors.Queues;

/// <summary>Holds the open queues, and offers streams that span them. A queue that is opened again takes part again.</summary>
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

        // Outside the lock: a subscription may publish at once, to code of the application.
        _opened.OnNext(entry);
    }

    public void Remove(ZcrxQueue queue)
    {
        lock (_gate)
        {
            _open.RemoveAll(entry => entry.Queue == queue);
        }
    }

    /// <summary>Completes the streams: no queue will be opened any more.</summary>
    public void Complete() => _opened.OnCompleted();

    // The subject itself is not disposed: a supervisor that ends after the host's services completes it again.
    public void Dispose() => Complete();

    private IObservable<T> Span<T>(Func<ZcrxQueue, IObservable<T>> stream) => Observable
        .Create<(long Number, ZcrxQueue Queue)>(observer =>
        {
            IObserver<(long, ZcrxQueue)> synchronized = System.Reactive.Observer.Synchronize(observer);
            (long, ZcrxQueue)[] open;
            IDisposable subscription;
            lock (_gate)
            {
                open = [.. _open];
                subscription = _opened.Subscribe(synchronized);
            }

            foreach ((long, ZcrxQueue) entry in open)
            {
                synchronized.OnNext(entry);
            }

            return subscription;
        })
        // A queue that opens between the copy and the subscription arrives twice.
        .Distinct(static entry => entry.Number)
        .SelectMany(entry => Observable
            .Defer(() => stream(entry.Queue))
            // The queue has been closed first, and publishes nothing any more.
            .Catch<T, ObjectDisposedException>(static _ => Observable.Empty<T>()));
}
