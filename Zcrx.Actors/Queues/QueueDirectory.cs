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

    /// <summary>Completes the streams, because no queue will be opened any more.</summary>
    public void Complete() => _opened.OnCompleted();

    // The subject itself is not disposed: a supervisor that ends after the host's services completes it again.
    public void Dispose() => Complete();

    private IObservable<T> Span<T>(Func<ZcrxQueue, IObservable<T>> stream) => Observable.Create<T>(observer =>
    {
        SerialObserver<T> serial = new(observer);
        return OpenQueues()
            .SelectMany(queue => Pass(stream, queue, serial))
            .Subscribe(static _ => { }, serial.OnError, serial.OnCompleted);
    });

    /// <summary>Passes on the values of one queue directly. <c>SelectMany</c> gets only the end: it holds a lock while its observer runs.</summary>
    private static IObservable<T> Pass<T>(Func<ZcrxQueue, IObservable<T>> stream, ZcrxQueue queue, SerialObserver<T> serial) => Observable
        .Create<T>(end => stream(queue).Subscribe(serial.OnNext, end.OnError, end.OnCompleted))
        // The queue has been closed first, and publishes nothing any more.
        .Catch<T, ObjectDisposedException>(static _ => Observable.Empty<T>());

    private IObservable<ZcrxQueue> OpenQueues() => Observable
        .Create<(long Number, ZcrxQueue Queue)>(observer =>
        {
            SerialObserver<(long, ZcrxQueue)> serial = new(observer);
            // Before the queues are read, so that none is missed. Not under the lock: after the end it calls OnCompleted, which is code of the application.
            IDisposable subscription = _opened.Subscribe(serial);
            (long, ZcrxQueue)[] open;
            lock (_gate)
            {
                open = [.. _open];
            }

            Array.ForEach(open, serial.OnNext);
            return subscription;
        })
        // A queue that opens between the copy and the subscription arrives twice.
        .Distinct(static entry => entry.Number)
        .Select(static entry => entry.Queue);
}
