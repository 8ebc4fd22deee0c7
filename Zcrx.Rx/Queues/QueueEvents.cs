using Zcrx.Interop;
using Zcrx.Rx.Pool;
using Zcrx.Rx.Receiving;
using Zcrx.Rx.Streams;

namespace Zcrx.Rx.Queues;

/// <summary>
/// Publishes the events of a queue, such as notifications, pressure, link changes and faults of consumers. Exceptions of the observers do
/// not reach the ring thread.
/// </summary>
internal sealed class QueueEvents : IPoolEvents, IReceiveEvents
{
    private readonly string _queue;
    private readonly Broadcast<ZcrxNotification> _notifications;
    private readonly Broadcast<PoolPressure> _pressure;
    private readonly Broadcast<PoolGrowth> _growth;
    private readonly Broadcast<LinkChange> _links;
    private readonly Broadcast<ReceiveStall> _stalls;
    private readonly Broadcast<UnobservedError> _unobserved;
    private readonly Broadcast<LimitReached> _limits;
    // If an observer of these faults throws, the exception is ignored, because reporting it would call the same observer again.
    private readonly Broadcast<ConsumerFault> _faults = new(static _ => { });

    public QueueEvents(string queue)
    {
        _queue = queue;
        _notifications = new Broadcast<ZcrxNotification>(Unhandled);
        _pressure = new Broadcast<PoolPressure>(Unhandled) { Replays = true };
        _growth = new Broadcast<PoolGrowth>(Unhandled);
        _links = new Broadcast<LinkChange>(Unhandled);
        _stalls = new Broadcast<ReceiveStall>(Unhandled);
        _unobserved = new Broadcast<UnobservedError>(Unhandled);
        _limits = new Broadcast<LimitReached>(Unhandled);
    }

    public IObservable<ZcrxNotification> Notifications => _notifications;

    public IObservable<PoolPressure> Pressure => _pressure;

    public IObservable<PoolGrowth> Growth => _growth;

    public IObservable<LinkChange> Links => _links;

    public IObservable<ReceiveStall> Stalls => _stalls;

    public IObservable<ConsumerFault> Faults => _faults;

    public IObservable<UnobservedError> Unobserved => _unobserved;

    public IObservable<LimitReached> Limits => _limits;

    public void LimitReached(LimitReached report) => _limits.Publish(report);

    public void Notified(ZcrxNotification notification) => _notifications.Publish(notification);

    public void PressureChanged(PoolPressure pressure) => _pressure.Publish(pressure);

    public void Grown(PoolGrowth growth) => _growth.Publish(growth);

    public void LinkChanged(LinkChange change) => _links.Publish(change);

    public void Stalled(ConnectionReceiver connection, int waiting, TimeSpan duration, bool isOver) =>
        _stalls.Publish(new ReceiveStall(_queue, ZcrxConnection.Of(connection), connection.BytesReceived, waiting, duration, isOver));

    public void Faulted(ConnectionReceiver? connection, Exception exception)
    {
        if (connection is not null && connection.Stream.Observers.Error == exception)
        {
            // This is the error of the stream, which Rx rethrows if the observer has no error handler. The observer itself has not failed.
            _unobserved.Publish(new UnobservedError(ZcrxConnection.Of(connection), exception));
        }
        else
        {
            _faults.Publish(new ConsumerFault(connection is null ? null : ZcrxConnection.Of(connection), exception));
        }
    }

    public void Complete()
    {
        _notifications.Complete();
        _pressure.Complete();
        _growth.Complete();
        _links.Complete();
        _stalls.Complete();
        _unobserved.Complete();
        _limits.Complete();
        _faults.Complete();
    }

    private void Unhandled(Exception exception) => Faulted(null, exception);
}
