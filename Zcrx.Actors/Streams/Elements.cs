using System.Diagnostics.CodeAnalysis;
using System.Reactive.Disposables;
using Zcrx.Rx;

namespace Zcrx.Actors.Streams;

/// <summary>Turns received bytes into elements on the ring thread, and pauses the connection while enough of them wait.</summary>
/// <typeparam name="TBorrowed">The received items: buffers or frames. Used inside <c>OnNext</c> only.</typeparam>
/// <typeparam name="T">The type of the elements.</typeparam>
/// <param name="connection">The connection.</param>
/// <param name="source">The source of the items.</param>
/// <param name="selector">Creates the element of a buffer or frame. It must not keep the buffer or frame.</param>
/// <param name="combine">Combines two waiting elements into one, or null to emit each element separately.</param>
/// <param name="wake">Wakes the stage. Called on the ring thread.</param>
internal sealed class Elements<TBorrowed, T>(ZcrxConnection connection, IObservable<TBorrowed> source, Func<TBorrowed, T> selector, Func<T, T, T>? combine, Action wake)
    : IElements<T>, IObserver<TBorrowed>
{
    /// <summary>The number of elements that may wait, as in the input buffers of Akka.Streams.</summary>
    public const int Bound = 16;

    // Lock order: this one, then RingThread's wake-up.
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

        // Not under the lock, because this is code of the application. Its exception ends the stream as an error of this observer.
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

    /// <summary>Stops receiving, and drops received elements.</summary>
    public void Dispose()
    {
        // First, because another observer continues behind the bytes that this one has received.
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
