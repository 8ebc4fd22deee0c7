using System.Reactive.Disposables;

namespace Zcrx.Rx.Loop;

/// <summary>A subject whose observers cannot harm each other, nor the thread that publishes.</summary>
/// <remarks>
/// An observer that throws is removed and gets its exception as OnError; if that throws as well (as Rx's default does), the owner is told.
/// Subscribe and dispose on any thread; publishing is one thread's.
/// </remarks>
internal sealed class Broadcast<T>(Action<Exception> unhandled) : IObservable<T>
    where T : class
{
    private readonly Lock _gate = new();
    private IObserver<T>[] _observers = [];
    private T? _latest;
    private bool _completed;

    /// <summary>Whether who subscribes gets the latest value first.</summary>
    public bool Replays { get; init; }

    public IDisposable Subscribe(IObserver<T> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        T? latest;
        bool completed;
        lock (_gate)
        {
            latest = Replays ? _latest : null;
            completed = _completed;
            if (!completed)
            {
                _observers = [.. _observers, observer];
                if (latest is not null)
                {
                    // Under the lock, so that nothing newer comes before it.
                    observer.OnNext(latest);
                }

                return Disposable.Create((this, observer), static state => state.Item1.Remove(state.observer));
            }
        }

        if (latest is not null)
        {
            observer.OnNext(latest);
        }

        observer.OnCompleted();
        return Disposable.Empty;
    }

    public void Publish(T value)
    {
        IObserver<T>[] observers;
        lock (_gate)
        {
            _latest = value;
            observers = _observers;
        }

        foreach (IObserver<T> observer in observers)
        {
            Guard(observer, value, static (observer, value) => observer.OnNext(value));
        }
    }

    public void Complete()
    {
        IObserver<T>[] observers;
        lock (_gate)
        {
            _completed = true;
            observers = _observers;
            _observers = [];
        }

        foreach (IObserver<T> observer in observers)
        {
            Guard(observer, null, static (observer, _) => observer.OnCompleted());
        }
    }

    private void Guard(IObserver<T> observer, T? value, Action<IObserver<T>, T> call)
    {
        try
        {
            call(observer, value!);
        }
#pragma warning disable CA1031 // Whatever an observer throws is its own affair.
        catch (Exception exception)
        {
            Remove(observer);
            try
            {
                observer.OnError(exception);
            }
            catch (Exception unhandledException)
#pragma warning restore CA1031
            {
                unhandled(unhandledException);
            }
        }
    }

    private void Remove(IObserver<T> observer)
    {
        lock (_gate)
        {
            int index = Array.IndexOf(_observers, observer);
            if (index >= 0)
            {
                _observers = [.. _observers.AsSpan(0, index), .. _observers.AsSpan(index + 1)];
            }
        }
    }
}
