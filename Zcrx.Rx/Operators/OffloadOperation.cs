using System.Reactive.Concurrency;

namespace Zcrx.Rx.Operators;

/// <summary>
/// Represents one subscription of <c>Offload</c>. When items arrive, a job on the scheduler passes all of them to the observer.
/// </summary>
internal sealed class OffloadOperation<TBorrowed, TLease> : IDisposable
    where TLease : class, IDisposable
{
    private readonly IScheduler _scheduler;
    private readonly IObserver<TLease> _observer;
    private readonly LeaseChannel<TBorrowed, TLease> _channel;
    private int _signals;
    private volatile bool _disposed;
    private bool _ended;
    // True once the job has begun to run. Some schedulers run a job inside Schedule. The flag then shows whether an exception comes from
    // the job or from the scheduler.
    private volatile bool _hasRun;

    public OffloadOperation(Leasing<TBorrowed, TLease> leasing, IScheduler scheduler, int maxQueued, long maxQueuedBytes, IObserver<TLease> observer)
    {
        _scheduler = scheduler;
        _observer = observer;
        _channel = new LeaseChannel<TBorrowed, TLease>(leasing, maxQueued, maxQueuedBytes, Signal);
    }

    public void Start(IObservable<TBorrowed> source) => _channel.SubscribeTo(source);

    public void Dispose()
    {
        _disposed = true;
        _channel.Dispose();
        _channel.Finish();
    }

    private void Signal()
    {
        // The first signal schedules the job. Further signals make the running job check for items again before it ends.
        if (Interlocked.Increment(ref _signals) != 1)
        {
            return;
        }

        _hasRun = false;
        try
        {
            _scheduler.Schedule(this, static (_, operation) =>
            {
                operation._hasRun = true;
                operation.Drain();
                return System.Reactive.Disposables.Disposable.Empty;
            });
        }
#pragma warning disable CA1031 // A disposed scheduler refuses work. No job would then empty the channel, so the stream ends.
        catch (Exception exception) when (!_hasRun && !_disposed)
#pragma warning restore CA1031
        {
            // No job is running and none will be scheduled, because the number of signals stays above 0. This thread may therefore use the
            // operation alone.
            Fail(exception);
        }
    }

    private void Drain()
    {
        int seen;
        do
        {
            seen = Volatile.Read(ref _signals);
            while (!_disposed && _channel.TryRead(out TLease? lease))
            {
                using (lease)
                {
                    try
                    {
                        _observer.OnNext(lease);
                    }
#pragma warning disable CA1031 // An exception of a consumer ends only its own stream.
                    catch (Exception exception)
#pragma warning restore CA1031
                    {
                        Fail(exception);
                        return;
                    }
                }
            }

            if (_channel.Completion is { IsCompleted: true } completion && !_disposed && !_ended)
            {
                _ended = true;
                SendEnd(completion.Exception?.InnerException, isOwn: false);
            }
        }
        while (Interlocked.CompareExchange(ref _signals, 0, seen) != seen);
    }

    /// <summary>Releases the waiting items and ends the stream with an error.</summary>
    private void Fail(Exception exception)
    {
        _disposed = true;
        _channel.Dispose();
        SendEnd(exception, isOwn: _channel.Fail(exception));
    }

    private void SendEnd(Exception? error, bool isOwn)
    {
        try
        {
            _channel.SendEnd(_observer, error, isOwn);
        }
        finally
        {
            _channel.Finish();
        }
    }
}
