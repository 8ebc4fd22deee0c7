using Zcrx.Rx.Receiving;

namespace Zcrx.Rx.Queues;

/// <summary>Passes accepted connections to an observer as <c>ZcrxConnection</c> objects.</summary>
internal sealed class AcceptObserver(IObserver<ZcrxConnection> observer) : IObserver<ConnectionReceiver>
{
    public void OnNext(ConnectionReceiver value) => observer.OnNext(ZcrxConnection.Of(value));

    public void OnCompleted() => observer.OnCompleted();

    public void OnError(Exception error) => observer.OnError(error);
}
