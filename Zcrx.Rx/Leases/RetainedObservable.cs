using Zcrx.Interop;

namespace Zcrx.Rx.Leases;

/// <summary>A connection's buffers as leases.</summary>
internal sealed class RetainedObservable(IObservable<ReceivedBuffer> source) : IObservable<BufferLease>
{
    public IDisposable Subscribe(IObserver<BufferLease> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        RetainedObserver leases = new(observer);
        leases.Connect(source.Subscribe(leases));
        return leases;
    }
}
