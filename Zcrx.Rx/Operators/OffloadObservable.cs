using System.Reactive.Concurrency;

namespace Zcrx.Rx.Operators;

/// <summary>
/// Delivers a stream on another scheduler. Not created by <c>Observable.Create</c>, which would hide the end of the stream from an observer
/// that throws.
/// </summary>
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
