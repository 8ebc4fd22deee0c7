using System.Reactive.Disposables;
using Zcrx.Interop;
using Zcrx.Interop.Leases;
using Zcrx.Rx.Streams;

namespace Zcrx.Rx.Receiving;

/// <summary>Represents the buffers of a connection as one ordered observable with any number of observers.</summary>
/// <remarks>
/// Observers may subscribe and unsubscribe on any thread. OnNext, OnError and OnCompleted run on the ring thread. If the stream has already
/// ended, a new observer receives the end at once, on the subscribing thread.
/// </remarks>
internal sealed class BufferStream(ConnectionControl control) : IObservable<ReceivedBuffer>, IConnectionSource
{
    // The exception of the observer that failed most recently. Ring thread only.
    private Exception? _failure;
    private volatile bool _wasObserved;

    /// <summary>Gets a value indicating whether an observer is subscribed.</summary>
    public bool HasObservers => Observers.Items.Length > 0;

    /// <summary>Gets a value indicating whether an observer has ever been subscribed.</summary>
    public bool WasObserved => _wasObserved;

    public BufferHolder? Holder => control.Holder;

    /// <summary>Gets the set of subscribed observers.</summary>
    public ObserverSet<IObserver<ReceivedBuffer>> Observers { get; } = new();

    public IDisposable Subscribe(IObserver<ReceivedBuffer> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        if (Observers.TryAdd(observer))
        {
            _wasObserved = true;
            // Called outside the lock. If the queue has ended, this call may end the connection and call its observers, which are user
            // code.
            control.Synchronize();
            return Disposable.Create((this, observer), static state => state.Item1.Remove(state.observer));
        }

        if (Observers.Error is not { } error)
        {
            observer.OnCompleted();
        }
        else
        {
            observer.OnError(error);
        }

        return Disposable.Empty;
    }

    /// <summary>
    /// Passes a buffer to the given observers. If an observer throws, the stream removes it and passes the exception to its OnError. The
    /// other observers still receive the buffer.
    /// </summary>
    public void Next(IObserver<ReceivedBuffer>[] observers, in ReceivedBuffer buffer)
    {
        foreach (IObserver<ReceivedBuffer> observer in observers)
        {
            try
            {
                observer.OnNext(buffer);
            }
#pragma warning disable CA1031 // An exception of an observer ends its own subscription, never the ring.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Drop(observer, exception);
            }
        }
    }

    /// <summary>Removes an observer that threw an exception from OnNext. Ring thread only.</summary>
    /// <remarks>
    /// Reports the exception as a fault of the connection. An observer that is still subscribed also gets it as OnError. An operator that
    /// has unsubscribed itself has already passed the exception to its own observer.
    /// </remarks>
    public void Drop(IObserver<ReceivedBuffer> observer, Exception exception)
    {
        _failure = exception;
        control.ReportFault(exception);
        // Rx's default OnError rethrows the exception. It was already reported, so only a different exception is reported here.
        if (Remove(observer) && TrySendError(observer, exception) is { } unhandled && unhandled != exception)
        {
            control.ReportFault(unhandled);
        }
    }

    /// <summary>
    /// Returns the exception of the observer that failed most recently; null while an observer is left. Returns each exception at most
    /// once. Ring thread only.
    /// </summary>
    public Exception? TakeFailure()
    {
        Exception? failure = _failure;
        _failure = null;
        return HasObservers ? null : failure;
    }

    /// <summary>Ends the stream. Observers that subscribe later also receive this end.</summary>
    public void End(Exception? error) => Notify(Observers.End(error) ?? [], error);

    /// <summary>Calls OnCompleted or OnError of the given observers, which <see cref="ObserverSet{T}.End"/> has returned.</summary>
    public void Notify(IObserver<ReceivedBuffer>[] observers, Exception? error)
    {
        foreach (IObserver<ReceivedBuffer> observer in observers)
        {
            if (error is not null)
            {
                if (TrySendError(observer, error) is { } unhandled)
                {
                    control.ReportFault(unhandled);
                }

                continue;
            }

            try
            {
                observer.OnCompleted();
            }
#pragma warning disable CA1031 // As in Next.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                control.ReportFault(exception);
            }
        }
    }

    /// <returns>The exception that OnError threw; null if it returned.</returns>
    private static Exception? TrySendError(IObserver<ReceivedBuffer> observer, Exception exception)
    {
        try
        {
            observer.OnError(exception);
            return null;
        }
#pragma warning disable CA1031 // Rx's default OnError rethrows the error.
        catch (Exception unhandled)
#pragma warning restore CA1031
        {
            return unhandled;
        }
    }

    /// <returns>True if the observer was subscribed.</returns>
    private bool Remove(IObserver<ReceivedBuffer> observer)
    {
        bool wasSubscribed = Observers.Remove(observer);
        if (wasSubscribed)
        {
            control.Synchronize();
        }

        return wasSubscribed;
    }
}
