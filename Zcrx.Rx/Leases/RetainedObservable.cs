using Zcrx.Rx.Operators;

namespace Zcrx.Rx.Leases;

/// <summary>Represents a connection's buffers or frames as leases.</summary>
internal sealed class RetainedObservable<TBorrowed, TLease>(IObservable<TBorrowed> source, Leasing<TBorrowed, TLease> leasing) : IObservable<TLease>
    where TLease : class, IDisposable
{
    public IDisposable Subscribe(IObserver<TLease> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        RetainedObserver<TBorrowed, TLease> leases = new(observer, leasing);
        leases.Connect(source.Subscribe(leases));
        return leases;
    }
}
