namespace Zcrx.Rx.Queues;

/// <summary>Represents the connections that a listener accepts, without an operator of Rx between the ring thread and the observer.</summary>
/// <remarks>
/// Not <c>Observable.Create</c>: that drops what comes while the subscription is being disposed, and no code would close a connection that was
/// accepted already. And it cuts off an observer that throws, so that nothing more is accepted, where only the connection should be lost.
/// </remarks>
internal sealed class AcceptedConnections(Func<IObserver<ZcrxConnection>, IDisposable> accept) : IObservable<ZcrxConnection>
{
    public IDisposable Subscribe(IObserver<ZcrxConnection> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        return accept(observer);
    }
}
