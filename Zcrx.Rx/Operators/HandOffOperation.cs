using System.Reactive.Concurrency;
using Zcrx.Interop;

namespace Zcrx.Rx.Operators;

/// <summary>One subscription of <c>HandOff</c>: a job on the scheduler empties the channel whenever something is in it.</summary>
internal sealed class HandOffOperation : IDisposable
{
    private readonly IScheduler _scheduler;
    private readonly IObserver<BufferLease> _observer;
    private readonly LeaseChannel _channel;
    private int _signals;
    private volatile bool _disposed;
    private bool _ended;

    public HandOffOperation(IScheduler scheduler, int maxQueued, IObserver<BufferLease> observer)
    {
        _scheduler = scheduler;
        _observer = observer;
        _channel = new LeaseChannel(maxQueued, Signal);
    }

    public void Start(IObservable<ReceivedBuffer> source) => _channel.SubscribeTo(source);

    public void Dispose()
    {
        _disposed = true;
        _channel.Dispose();
        _channel.Finish();
    }

    private void Signal()
    {
        // The first signal starts the job; later ones make it look again before it ends.
        if (Interlocked.Increment(ref _signals) == 1)
        {
            _scheduler.Schedule(this, static (_, operation) =>
            {
                operation.Drain();
                return System.Reactive.Disposables.Disposable.Empty;
            });
        }
    }

    private void Drain()
    {
        int seen;
        do
        {
            seen = Volatile.Read(ref _signals);
            while (!_disposed && _channel.TryRead(out BufferLease? lease))
            {
                using (lease)
                {
                    try
                    {
                        _observer.OnNext(lease);
                    }
#pragma warning disable CA1031 // A consumer that throws ends its own stream, as on the ring's thread.
                    catch (Exception exception)
#pragma warning restore CA1031
                    {
                        _disposed = true;
                        _channel.Dispose();
                        _channel.Abandon();
                        TellEnd(exception);
                        return;
                    }
                }
            }

            if (_channel.Completion is { IsCompleted: true } completion && !_disposed && !_ended)
            {
                _ended = true;
                TellEnd(completion.Exception?.InnerException);
            }
        }
        while (Interlocked.CompareExchange(ref _signals, 0, seen) != seen);
    }

    private void TellEnd(Exception? error)
    {
        try
        {
            if (error is null)
            {
                _observer.OnCompleted();
            }
            else
            {
                _observer.OnError(error);
            }
        }
        finally
        {
            _channel.Finish();
        }
    }
}
