namespace Zcrx.Rx.Receiving;

/// <summary>Lists the operators that queue items of one connection up to a bound. Thread-safe.</summary>
internal sealed class BoundedQueues
{
    private readonly Lock _gate = new();
    private volatile IBoundedQueue[] _items = [];

    public IReadOnlyList<IBoundedQueue> Items => _items;

    public void Add(IBoundedQueue queue)
    {
        lock (_gate)
        {
            _items = [.. _items, queue];
        }
    }

    public void Remove(IBoundedQueue queue)
    {
        lock (_gate)
        {
            _items = [.. _items.Where(other => other != queue)];
        }
    }
}
