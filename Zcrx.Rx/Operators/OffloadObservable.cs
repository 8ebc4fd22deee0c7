using System.Reactive.Concurrency;

namespace Zcrx.Rx.Operators;

/// <summary>A stream on another scheduler. Not made by <c>Observable.Create</c>, which would keep from an observer that throws that its stream has ended.</summary>
internal sealed class OffloadObservable<TBorrowed, TLease>(
    IObservable<TBorrowed> source, Leasing<TBorrowed, TLease> leasing, IScheduler scheduler, int maxQueued, long maxQueuedBytes) : IObservable<TLease>
    where TLease : class, IDisposable
{
    public IDisposable Subscribe(IObserver<TLease> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        OffloadOperation<TBorrowed, TLease> operation = new(leasing, scheduler, maxQueued, maxQueuedBytes, observer);
        operation.Start(source);
        return operation;
    }
}
