using System.Diagnostics.CodeAnalysis;
using System.Reactive.Disposables;
using Zcrx.Rx;

namespace Zcrx.Actors.Streams;

/// <summary>
/// Converts received bytes to elements on the ring thread. Pauses the connection while <see cref="Bound"/> elements wait.
/// </summary>
/// <typeparam name="TBorrowed">The type of the received items: buffers or frames. An item is valid only inside <c>OnNext</c>.</typeparam>
/// <typeparam name="T">The type of the elements.</typeparam>
/// <param name="connection">The connection.</param>
/// <param name="source">The source of the items.</param>
/// <param name="selector">Creates an element from a buffer or frame. The element must not refer to the buffer or frame.</param>
/// <param name="combine">Combines two waiting elements into one; null to emit each element separately.</param>
/// <param name="wake">Wakes the stage. Called on the ring thread.</param>
internal sealed class Elements<TBorrowed, T>(ZcrxConnection connection, IObservable<TBorrowed> source, Func<TBorrowed, T> selector, Func<T, T, T>? combine, Action wake)
    : IElements<T>, IObserver<TBorrowed>
{
    /// <summary>
    /// The number of waiting elements at which the connection is paused. Input buffers of Akka.Streams have the same size.
    /// </summary>
    public const int Bound = 16;

    // Lock order: this lock first, then the wake-up lock of RingThread.
    private readonly Lock _gate = new();
    private readonly Queue<T> _waiting = new(Bound);
    private readonly SingleAssignmentDisposable _subscription = new();
    private IDisposable? _hold;
    private Exception? _error;
    private bool _hasEnded;
    private bool _isDiscarding;
    private bool _isWoken;

    public void Start() => _subscription.Disposable = source.Subscribe(this);

    public void OnNext(TBorrowed value)
    {
        if (Volatile.Read(ref _isDiscarding))
        {
            return;
        }

        // Runs outside the lock, because the selector is application code. Its exception ends the stream, like that of any observer.
        T element = selector(value);
        lock (_gate)
        {
            if (_isDiscarding)
            {
                return;
            }

            _waiting.Enqueue(element);
            if (_waiting.Count >= Bound)
            {
                _hold ??= connection.Hold();
            }
        }

        Wake();
    }

    public void OnCompleted() => End(null);

    public void OnError(Exception error) => End(error);

    public void OnWoken()
    {
        lock (_gate)
        {
            _isWoken = false;
        }
    }

    public bool TryTake([MaybeNullWhen(false)] out T element)
    {
        lock (_gate)
        {
            if (!_waiting.TryDequeue(out element))
            {
                return false;
            }

            while (combine is not null && _waiting.TryDequeue(out T? next))
            {
                element = combine(element, next);
            }

            if (_waiting.Count <= Bound / 2)
            {
                Resume();
            }

            return true;
        }
    }

    public bool HasEnded(out Exception? error)
    {
        lock (_gate)
        {
            error = _error;
            return _hasEnded && _waiting.Count == 0;
        }
    }

    public void Discard()
    {
        lock (_gate)
        {
            _isDiscarding = true;
            _waiting.Clear();
            Resume();
        }
    }

    /// <summary>Stops receiving, and drops the waiting elements.</summary>
    public void Dispose()
    {
        // Ends the subscription before Discard resumes the connection. Otherwise this observer would receive and discard bytes that
        // another observer could still receive.
        _subscription.Dispose();
        Discard();
    }

    private void Resume()
    {
        _hold?.Dispose();
        _hold = null;
    }

    private void End(Exception? error)
    {
        lock (_gate)
        {
            _error = error;
            _hasEnded = true;
        }

        Wake();
    }

    /// <summary>Wakes the stage, unless an earlier wake-up is still pending.</summary>
    private void Wake()
    {
        lock (_gate)
        {
            if (_isWoken)
            {
                return;
            }

            _isWoken = true;
        }

        wake();
    }
}
