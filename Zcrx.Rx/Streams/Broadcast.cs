namespace Zcrx.Rx.Streams;

/// <summary>Represents a subject that protects its other observers, and the threads that publish, from an observer that throws.</summary>
/// <remarks>
/// <para>No lock is held while an observer runs. Each observer receives its values one at a time, in the order in which they were
/// published. A value that is published while the observer is busy waits, and the thread that is in the observer delivers it.</para>
/// <para>An observer that throws is removed and receives its exception as OnError. If OnError throws as well, as Rx's default does, the
/// exception is passed to <c>unhandled</c>. Threading: all members are thread-safe.</para>
/// </remarks>
internal sealed class Broadcast<T>(Action<Exception> unhandled) : IObservable<T>
    where T : class
{
    private readonly ObserverSet<Subscription> _subscriptions = new();
    private T? _latest;

    /// <summary>Gets a value indicating whether a new observer receives the latest value first.</summary>
    public bool Replays { get; init; }

    public IDisposable Subscribe(IObserver<T> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        Subscription subscription = new(this, observer);
        T? latest;
        bool completed;
        lock (_subscriptions.Gate)
        {
            latest = Replays ? _latest : null;
            // A new subscription is marked busy. Values that are published from now on therefore wait until the latest value was replayed.
            completed = !_subscriptions.TryAdd(subscription);
        }

        subscription.Start(latest, completed);
        return subscription;
    }

    public void Publish(T value)
    {
        Subscription[] subscriptions;
        lock (_subscriptions.Gate)
        {
            _latest = value;
            subscriptions = _subscriptions.Items;
        }

        foreach (Subscription subscription in subscriptions)
        {
            subscription.Deliver(value);
        }
    }

    public void Complete()
    {
        foreach (Subscription subscription in _subscriptions.End(null) ?? [])
        {
            subscription.Deliver(null);
        }
    }

    /// <summary>Represents one observer and the values that wait for it.</summary>
    private sealed class Subscription(Broadcast<T> owner, IObserver<T> observer) : IDisposable
    {
        // The values to deliver next; null stands for the completion. The queue is also the lock.
        private readonly Queue<T?> _waiting = new();
        private bool _isBusy = true;
        private volatile bool _isDisposed;

        /// <summary>
        /// Delivers the latest value and the completion, if the observer has missed them. Then delivers what was published during this
        /// call.
        /// </summary>
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

        /// <summary>Delivers a value. If another thread is in the observer, queues the value for that thread.</summary>
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
            owner._subscriptions.Remove(this);
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
#pragma warning disable CA1031 // No exception of an observer may reach the thread that publishes.
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
