using System.Reactive.Concurrency;
using Zcrx.Interop;

namespace Zcrx.Rx.Operators;

/// <summary>A stream on another scheduler. Not made by <c>Observable.Create</c>, which would keep from an observer that throws that its stream has ended.</summary>
internal sealed class OffloadObservable(IObservable<ReceivedBuffer> source, IScheduler scheduler, int maxQueued) : IObservable<BufferLease>
{
    public IDisposable Subscribe(IObserver<BufferLease> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        OffloadOperation operation = new(scheduler, maxQueued, observer);
        operation.Start(source);
        return operation;
    }
}
