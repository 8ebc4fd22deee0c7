namespace Zcrx.Rx.Queues;

/// <summary>The connections that a listener accepts, without anything of Rx between the ring's thread and the observer.</summary>
/// <remarks>
/// Not <c>Observable.Create</c>: that would drop what comes while the subscription is being disposed, and a connection that was
/// accepted already would be left with nobody who closes it. And an observer that throws would be cut off, so that nobody
/// accepts any more, where only the connection should be lost.
/// </remarks>
internal sealed class AcceptedConnections(Func<IObserver<ZcrxConnection>, IDisposable> accept) : IObservable<ZcrxConnection>
{
    public IDisposable Subscribe(IObserver<ZcrxConnection> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        return accept(observer);
    }
}
