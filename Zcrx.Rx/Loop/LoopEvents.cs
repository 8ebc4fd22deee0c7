using Zcrx.Interop;

namespace Zcrx.Rx.Loop;

/// <summary>What the ring's thread tells: notifications, pressure, growth, stalls, faults of consumers. A listener that throws cannot harm it.</summary>
internal sealed class LoopEvents
{
    private readonly Broadcast<ZcrxNotification> _notifications;
    private readonly Broadcast<PoolPressure> _pressure;
    private readonly Broadcast<PoolGrowth> _growth;
    private readonly Broadcast<LinkChange> _links;
    private readonly Broadcast<ReceiveStall> _stalls;
    // Nobody is left to tell of who fails at hearing of failures.
    private readonly Broadcast<ConsumerFault> _faults = new(static _ => { });

    public LoopEvents()
    {
        _notifications = new Broadcast<ZcrxNotification>(Unhandled);
        _pressure = new Broadcast<PoolPressure>(Unhandled) { Replays = true };
        _growth = new Broadcast<PoolGrowth>(Unhandled);
        _links = new Broadcast<LinkChange>(Unhandled);
        _stalls = new Broadcast<ReceiveStall>(Unhandled);
    }

    public IObservable<ZcrxNotification> Notifications => _notifications;

    public IObservable<PoolPressure> Pressure => _pressure;

    public IObservable<PoolGrowth> Growth => _growth;

    public IObservable<LinkChange> Links => _links;

    public IObservable<ReceiveStall> Stalls => _stalls;

    public IObservable<ConsumerFault> Faults => _faults;

    public void Notified(ZcrxNotification notification) => _notifications.Publish(notification);

    public void PressureChanged(PoolPressure pressure) => _pressure.Publish(pressure);

    public void Grown(PoolGrowth growth) => _growth.Publish(growth);

    public void LinkChanged(LinkChange change) => _links.Publish(change);

    public void Stalled(ReceiveStall stall) => _stalls.Publish(stall);

    public void ObserverFaulted(ZcrxConnection? connection, Exception exception) => _faults.Publish(new ConsumerFault(connection, exception));

    public void Complete()
    {
        _notifications.Complete();
        _pressure.Complete();
        _growth.Complete();
        _links.Complete();
        _stalls.Complete();
        _faults.Complete();
    }

    private void Unhandled(Exception exception) => ObserverFaulted(null, exception);
}
