using System.Reactive.Subjects;

namespace Zcrx.Rx.Loop;

/// <summary>What the ring's thread tells: notifications, pressure, faults of consumers. A listener that throws cannot harm it.</summary>
internal sealed class LoopEvents : IDisposable
{
    private readonly Subject<ZcrxNotification> _notifications = new();
    private readonly BehaviorSubject<PoolPressure> _pressure;
    private readonly Subject<ConsumerFault> _faults = new();
    private readonly Subject<PoolGrowth> _growth = new();

    public LoopEvents(PoolPressure initial) => _pressure = new BehaviorSubject<PoolPressure>(initial);

    public IObservable<ZcrxNotification> Notifications => _notifications;

    public IObservable<PoolPressure> Pressure => _pressure;

    public IObservable<PoolGrowth> Growth => _growth;

    public IObservable<ConsumerFault> Faults => _faults;

    public void Notified(ZcrxNotification notification) => Publish(_notifications, notification);

    public void PressureChanged(PoolPressure pressure) => Publish(_pressure, pressure);

    public void Grown(PoolGrowth growth) => Publish(_growth, growth);

    public void ObserverFaulted(ZcrxConnection? connection, Exception exception) => Publish(_faults, new ConsumerFault(connection, exception));

    public void Complete()
    {
        Complete(_notifications);
        Complete(_pressure);
        Complete(_growth);
        Complete(_faults);
    }

    public void Dispose()
    {
        _notifications.Dispose();
        _pressure.Dispose();
        _growth.Dispose();
        _faults.Dispose();
    }

    private void Publish<T>(IObserver<T> subject, T value)
    {
        try
        {
            subject.OnNext(value);
        }
#pragma warning disable CA1031 // An observer of events must not end the queue that it observes.
        catch (Exception exception) when (!ReferenceEquals(subject, _faults))
#pragma warning restore CA1031
        {
            Publish(_faults, new ConsumerFault(null, exception));
        }
#pragma warning disable CA1031 // Nobody is left to tell.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }

    private static void Complete<T>(IObserver<T> subject)
    {
        try
        {
            subject.OnCompleted();
        }
#pragma warning disable CA1031 // As above.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }
}
