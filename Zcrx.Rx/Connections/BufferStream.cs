using System.Reactive.Disposables;
using Zcrx.Interop;

namespace Zcrx.Rx.Connections;

/// <summary>A connection's buffers as one ordered observable with any number of observers.</summary>
/// <remarks>
/// Subscribe and dispose on any thread. OnNext, OnError and OnCompleted come on the ring's thread, except for the end of a
/// stream that was over before somebody subscribed, which comes at once.
/// </remarks>
internal sealed class BufferStream(ZcrxConnection connection) : IObservable<ReceivedBuffer>
{
    private readonly Lock _gate = new();
    // Read once per buffer without the lock: replaced as a whole.
    private volatile IObserver<ReceivedBuffer>[] _observers = [];
    private Exception? _error;
    private bool _ended;

    /// <summary>Whether anybody listens.</summary>
    public bool HasObservers => _observers.Length > 0;

    /// <summary>The last exception that an observer threw.</summary>
    public Exception? ObserverFault { get; private set; }

    public IDisposable Subscribe(IObserver<ReceivedBuffer> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        lock (_gate)
        {
            if (!_ended)
            {
                _observers = [.. _observers, observer];
                connection.OnSubscriptionsChanged();
                return Disposable.Create((this, observer), static state => state.Item1.Remove(state.observer));
            }
        }

        if (_error is null)
        {
            observer.OnCompleted();
        }
        else
        {
            observer.OnError(_error);
        }

        return Disposable.Empty;
    }

    /// <summary>Passes a buffer to everybody. An observer that throws gets its exception back as OnError and is removed; the others go on.</summary>
    public void Next(in ReceivedBuffer buffer)
    {
        foreach (IObserver<ReceivedBuffer> observer in _observers)
        {
            try
            {
                observer.OnNext(buffer);
            }
#pragma warning disable CA1031 // Whatever a consumer throws ends its own stream and never the ring.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                ObserverFault = exception;
                Remove(observer);
                SendError(observer, exception);
            }
        }
    }

    /// <summary>Ends the stream for everybody, and for whoever subscribes later.</summary>
    public void End(Exception? error)
    {
        IObserver<ReceivedBuffer>[] observers;
        lock (_gate)
        {
            if (_ended)
            {
                return;
            }

            _ended = true;
            _error = error;
            observers = _observers;
            _observers = [];
        }

        foreach (IObserver<ReceivedBuffer> observer in observers)
        {
            if (error is not null)
            {
                SendError(observer, error);
                continue;
            }

            try
            {
                observer.OnCompleted();
            }
#pragma warning disable CA1031 // As above.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                connection.ReportObserverFault(exception);
            }
        }
    }

    private void SendError(IObserver<ReceivedBuffer> observer, Exception exception)
    {
        try
        {
            observer.OnError(exception);
        }
#pragma warning disable CA1031 // Rx's default OnError rethrows: the consumer had no handler, so the queue's owner is told.
        catch (Exception unhandled)
#pragma warning restore CA1031
        {
            connection.ReportObserverFault(unhandled);
        }
    }

    private void Remove(IObserver<ReceivedBuffer> observer)
    {
        lock (_gate)
        {
            int index = Array.IndexOf(_observers, observer);
            if (index < 0)
            {
                return;
            }

            _observers = [.. _observers.AsSpan(0, index), .. _observers.AsSpan(index + 1)];
        }

        connection.OnSubscriptionsChanged();
    }
}
