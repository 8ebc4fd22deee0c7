using System.Reactive.Concurrency;

namespace Zcrx.Rx.Operators;

/// <summary>
/// Delivers a stream on another scheduler. <c>Observable.Create</c> is not used, because it unsubscribes an observer that throws. The
/// observer would then not receive the end of the stream.
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
