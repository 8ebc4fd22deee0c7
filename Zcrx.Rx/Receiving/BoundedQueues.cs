namespace Zcrx.Rx.Receiving;

/// <summary>Holds the operators in which items of one connection wait. Thread-safe.</summary>
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
