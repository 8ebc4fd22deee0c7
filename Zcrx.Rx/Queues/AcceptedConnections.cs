namespace Zcrx.Rx.Queues;

/// <summary>
/// Represents the connections that a listener accepts, without an operator of Rx between the ring thread and the observer.
/// </summary>
/// <remarks>
/// Does not use <c>Observable.Create</c>, which drops connections that arrive while the subscription is being disposed. Accepted
/// connections would then stay open. <c>Observable.Create</c> also unsubscribes an observer that throws. Accepting would then end, although
/// only the connection should.
/// </remarks>
internal sealed class AcceptedConnections(Func<IObserver<ZcrxConnection>, IDisposable> accept) : IObservable<ZcrxConnection>
{
    public IDisposable Subscribe(IObserver<ZcrxConnection> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        return accept(observer);
    }
}
