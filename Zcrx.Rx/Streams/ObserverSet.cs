namespace Zcrx.Rx.Streams;

/// <summary>Holds the observers of a stream until it ends. Thread-safe.</summary>
/// <remarks>The ring thread reads the array once per buffer without the lock. The array is therefore replaced instead of changed.</remarks>
internal sealed class ObserverSet<T>
    where T : class
{
    private volatile T[] _items = [];
    private volatile T? _single;
    private bool _hasEnded;

    /// <summary>
    /// Gets the lock under which the set changes. The owner of the set may take the lock to change its own state in the same step.
    /// </summary>
    public Lock Gate { get; } = new();

    /// <summary>Gets the observers.</summary>
    public T[] Items => _items;

    /// <summary>Gets the observer if there is exactly one; otherwise null.</summary>
    public T? Single => _single;

    /// <summary>
    /// Gets the error with which the stream ended; null for none. Read it after <see cref="TryAdd"/> has returned false.
    /// </summary>
    public Exception? Error { get; private set; }

    /// <summary>Adds an observer.</summary>
    /// <returns>False when the stream has ended.</returns>
    public bool TryAdd(T item)
    {
        lock (Gate)
        {
            if (!_hasEnded)
            {
                Set([.. _items, item]);
            }

            return !_hasEnded;
        }
    }

    /// <summary>Removes an observer. Removes one occurrence if the observer is in the set several times.</summary>
    /// <returns>Whether the observer was in the set.</returns>
    public bool Remove(T item)
    {
        lock (Gate)
        {
            int index = Array.IndexOf(_items, item);
            if (index < 0)
            {
                return false;
            }

            Set([.. _items.AsSpan(0, index), .. _items.AsSpan(index + 1)]);
            return true;
        }
    }

    /// <summary>Ends the stream. Only the first call has an effect.</summary>
    /// <returns>The observers to notify; null when the stream had already ended.</returns>
    public T[]? End(Exception? error)
    {
        lock (Gate)
        {
            if (_hasEnded)
            {
                return null;
            }

            _hasEnded = true;
            Error = error;
            T[] items = _items;
            Set([]);
            return items;
        }
    }

    private void Set(T[] items)
    {
        _items = items;
        _single = items.Length == 1 ? items[0] : null;
    }
}
