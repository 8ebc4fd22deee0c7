namespace Zcrx.Rx.Queues;

/// <summary>Represents the connections that a listener accepts. No Rx operator lies between the ring thread and the observer.</summary>
/// <remarks>
/// <c>Observable.Create</c> is not used for two reasons. It drops connections that arrive while the subscription is being disposed, and
/// these accepted connections would stay open. It also unsubscribes an observer that throws, which would end accepting instead of only the
/// connection.
/// </remarks>
internal sealed class AcceptedConnections(Func<IObserver<ZcrxConnection>, IDisposable> accept) : IObservable<ZcrxConnection>
{
    public IDisposable Subscribe(IObserver<ZcrxConnection> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        return accept(observer);
    }
}
