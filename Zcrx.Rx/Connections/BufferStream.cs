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
    // The ring thread's.
    private bool _abandoned;

    /// <summary>Whether anybody listens.</summary>
    public bool HasObservers => _observers.Length > 0;

    /// <summary>Who listens now; never changed, only replaced.</summary>
    public IObserver<ReceivedBuffer>[] Observers => _observers;

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

    /// <summary>An observer has thrown: it gets its exception back as OnError and is removed. Ring's thread only.</summary>
    public void Drop(IObserver<ReceivedBuffer> observer, Exception exception)
    {
        _abandoned |= Remove(observer);
        SendError(observer, exception);
    }

    /// <summary>Whether the last observer has gone by throwing, and nobody took its place. Answers yes once. Ring's thread only.</summary>
    public bool TakeAbandoned()
    {
        if (!_abandoned)
        {
            return false;
        }

        _abandoned = false;
        return !HasObservers;
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

    /// <returns>Whether it was the last one.</returns>
    private bool Remove(IObserver<ReceivedBuffer> observer)
    {
        bool last;
        lock (_gate)
        {
            int index = Array.IndexOf(_observers, observer);
            if (index < 0)
            {
                return false;
            }

            _observers = [.. _observers.AsSpan(0, index), .. _observers.AsSpan(index + 1)];
            last = _observers.Length == 0;
        }

        connection.OnSubscriptionsChanged();
        return last;
    }
}
