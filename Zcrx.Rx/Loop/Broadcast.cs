namespace Zcrx.Rx.Loop;

/// <summary>A subject whose observers can harm neither each other nor the threads that publish.</summary>
/// <remarks>
/// No lock is held while an observer runs. Each observer gets its values one at a time and in the order in which they were published: a value that is published
/// while it is busy waits, and is delivered by the thread that is in the observer. An observer that throws is removed and gets its exception as OnError. If that
/// throws as well, as Rx's default does, the owner is told. Threading: all members from any thread.
/// </remarks>
internal sealed class Broadcast<T>(Action<Exception> unhandled) : IObservable<T>
    where T : class
{
    private readonly Lock _gate = new();
    private Subscription[] _subscriptions = [];
    private T? _latest;
    private bool _completed;

    /// <summary>Whether a new observer gets the latest value first.</summary>
    public bool Replays { get; init; }

    public IDisposable Subscribe(IObserver<T> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        Subscription subscription = new(this, observer);
        T? latest;
        bool completed;
        lock (_gate)
        {
            latest = Replays ? _latest : null;
            completed = _completed;
            if (!completed)
            {
                // Busy from the start: what is published from now on waits behind the replay.
                _subscriptions = [.. _subscriptions, subscription];
            }
        }

        subscription.Start(latest, completed);
        return subscription;
    }

    public void Publish(T value)
    {
        Subscription[] subscriptions;
        lock (_gate)
        {
            _latest = value;
            subscriptions = _subscriptions;
        }

        foreach (Subscription subscription in subscriptions)
        {
            subscription.Deliver(value);
        }
    }

    public void Complete()
    {
        Subscription[] subscriptions;
        lock (_gate)
        {
            _completed = true;
            subscriptions = _subscriptions;
            _subscriptions = [];
        }

        foreach (Subscription subscription in subscriptions)
        {
            subscription.Deliver(null);
        }
    }

    private void Remove(Subscription subscription)
    {
        lock (_gate)
        {
            _subscriptions = Array.FindAll(_subscriptions, other => other != subscription);
        }
    }

    /// <summary>One observer, and the values that wait for it.</summary>
    private sealed class Subscription(Broadcast<T> owner, IObserver<T> observer) : IDisposable
    {
        // Also the lock. Null stands for the completion.
        private readonly Queue<T?> _waiting = new();
        private bool _isBusy = true;
        private volatile bool _isDisposed;

        /// <summary>Delivers what the observer has missed.</summary>
        public void Start(T? latest, bool completed)
        {
            if (latest is not null)
            {
                Call(latest);
            }

            if (completed)
            {
                Call(null);
            }

            DeliverWaiting();
        }

        /// <summary>Delivers a value, or leaves it to the thread that is in the observer.</summary>
        public void Deliver(T? value)
        {
            lock (_waiting)
            {
                if (_isBusy)
                {
                    _waiting.Enqueue(value);
                    return;
                }

                _isBusy = true;
            }

            Call(value);
            DeliverWaiting();
        }

        public void Dispose()
        {
            _isDisposed = true;
            owner.Remove(this);
        }

        private void DeliverWaiting()
        {
            while (true)
            {
                T? next;
                lock (_waiting)
                {
                    if (!_waiting.TryDequeue(out next))
                    {
                        _isBusy = false;
                        return;
                    }
                }

                Call(next);
            }
        }

        private void Call(T? value)
        {
            if (_isDisposed)
            {
                return;
            }

            try
            {
                if (value is not null)
                {
                    observer.OnNext(value);
                }
                else
                {
                    observer.OnCompleted();
                }
            }
#pragma warning disable CA1031 // Whatever an observer throws must not reach the thread that publishes.
            catch (Exception exception)
            {
                Dispose();
                try
                {
                    observer.OnError(exception);
                }
                catch (Exception unhandledException)
#pragma warning restore CA1031
                {
                    owner.Report(unhandledException);
                }
            }
        }
    }

    private void Report(Exception exception) => unhandled(exception);
}
