using System.Diagnostics.CodeAnalysis;
using System.Reactive;

namespace Zcrx.Actors.Queues;

/// <summary>
/// Passes values that several threads publish to an observer, one at a time and in order. No lock is held while the observer runs, and no
/// publisher waits for it.
/// </summary>
/// <remarks>
/// If a value arrives while the observer runs, the thread that runs the observer delivers this value next. Therefore an observer that waits
/// for a publishing ring thread causes no deadlock. Threading: all members are callable on any thread.
/// </remarks>
internal sealed class SerialObserver<T>(IObserver<T> observer) : IObserver<T>
{
    // The queue is also the lock of this object.
    private readonly Queue<Notification<T>> _waiting = new();
    private bool _isBusy;

    public void OnNext(T value) => Deliver(Notification.CreateOnNext(value));

    public void OnError(Exception error) => Deliver(Notification.CreateOnError<T>(error));

    public void OnCompleted() => Deliver(Notification.CreateOnCompleted<T>());

    private void Deliver(Notification<T> notification)
    {
        lock (_waiting)
        {
            if (_isBusy)
            {
                _waiting.Enqueue(notification);
                return;
            }

            _isBusy = true;
        }

        Notification<T>? next = notification;
        do
        {
            try
            {
                next.Accept(observer);
            }
            catch
            {
                // The publisher gets the exception of the observer and ends the stream, so waiting values are discarded.
                lock (_waiting)
                {
                    _waiting.Clear();
                    _isBusy = false;
                }

                throw;
            }
        }
        while (TryTake(out next));
    }

    private bool TryTake([NotNullWhen(true)] out Notification<T>? next)
    {
        lock (_waiting)
        {
            _isBusy = _waiting.TryDequeue(out next);
            return _isBusy;
        }
    }
}
