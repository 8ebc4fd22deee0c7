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
    // The ring thread's: what the observer that failed last has thrown.
    private Exception? _failure;

    /// <summary>Whether anybody listens.</summary>
    public bool HasObservers => _observers.Length > 0;

    /// <summary>Who listens now; never changed, only replaced.</summary>
    public IObserver<ReceivedBuffer>[] Observers => _observers;

    public IDisposable Subscribe(IObserver<ReceivedBuffer> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        bool isOpen;
        lock (_gate)
        {
            isOpen = !_ended;
            if (isOpen)
            {
                _observers = [.. _observers, observer];
            }
        }

        if (isOpen)
        {
            // Not under the lock: a queue that has ended may end the connection in there, and its observers are user code.
            connection.OnSubscriptionsChanged();
            return Disposable.Create((this, observer), static state => state.Item1.Remove(state.observer));
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

    /// <summary>Passes a buffer to those who listened a moment ago. An observer that throws gets its exception back as OnError and is removed; the others go on.</summary>
    public void Next(IObserver<ReceivedBuffer>[] observers, in ReceivedBuffer buffer)
    {
        foreach (IObserver<ReceivedBuffer> observer in observers)
        {
            try
            {
                observer.OnNext(buffer);
            }
#pragma warning disable CA1031 // Whatever a consumer throws ends its own stream and never the ring.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Drop(observer, exception);
            }
        }
    }

    /// <summary>Removes an observer that has thrown out of OnNext. Ring thread only.</summary>
    /// <remarks>
    /// An observer that is still subscribed gets its exception as OnError. An operator that has already unsubscribed itself has passed the exception on to its own
    /// observer, which did not handle it: nobody is left but the owner of the queue.
    /// </remarks>
    public void Drop(IObserver<ReceivedBuffer> observer, Exception exception)
    {
        _failure = exception;
        if (!Remove(observer))
        {
            connection.ReportObserverFault(exception);
        }
        else if (TrySendError(observer, exception) is { } unhandled)
        {
            connection.ReportObserverFault(unhandled);
        }
    }

    /// <summary>What the last observer has thrown, if none is left. Answers once. Ring thread only.</summary>
    public Exception? TakeFailure()
    {
        Exception? failure = _failure;
        _failure = null;
        return HasObservers ? null : failure;
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
                // Without a handler Rx throws what it was given. The peer's reset is no fault of a consumer.
                if (TrySendError(observer, error) is { } unhandled && unhandled != error)
                {
                    connection.ReportObserverFault(unhandled);
                }

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

    /// <returns>What the observer threw; null if it handled the error.</returns>
    private static Exception? TrySendError(IObserver<ReceivedBuffer> observer, Exception exception)
    {
        try
        {
            observer.OnError(exception);
            return null;
        }
#pragma warning disable CA1031 // Rx's default OnError rethrows.
        catch (Exception unhandled)
#pragma warning restore CA1031
        {
            return unhandled;
        }
    }

    /// <returns>Whether it was subscribed.</returns>
    private bool Remove(IObserver<ReceivedBuffer> observer)
    {
        lock (_gate)
        {
            int index = Array.IndexOf(_observers, observer);
            if (index < 0)
            {
                return false;
            }

            _observers = [.. _observers.AsSpan(0, index), .. _observers.AsSpan(index + 1)];
        }

        connection.OnSubscriptionsChanged();
        return true;
    }
}
