namespace Zcrx.Interop.Leases;

/// <summary>Who can give back buffers when the pool is under pressure. Ring's thread only.</summary>
/// <remarks>
/// Consumers end on any thread, so they do not remove themselves: those that have ended are swept out now and then,
/// which keeps the list within twice the number of those alive.
/// </remarks>
internal sealed class ReliefList
{
    private const int SmallestSweep = 16;

    private readonly List<IPressureRelief> _consumers = [];
    private int _sweepAt = SmallestSweep;

    public int Count => _consumers.Count;

    /// <summary>Adds a consumer that is not in the list.</summary>
    public void Add(IPressureRelief consumer)
    {
        if (_consumers.Count >= _sweepAt)
        {
            _consumers.RemoveAll(static consumer => consumer.HasEnded);
            _sweepAt = Math.Max(SmallestSweep, 2 * _consumers.Count);
        }

        _consumers.Add(consumer);
    }

    public bool Contains(IPressureRelief consumer) => _consumers.Contains(consumer);

    /// <summary>Whoever keeps buffers of this holder gives them back and is forgotten: it goes on on another ring's thread.</summary>
    public void Dismiss(BufferHolder holder)
    {
        foreach (IPressureRelief consumer in _consumers)
        {
            if (consumer.Holder == holder)
            {
                consumer.Relieve();
            }
        }

        _consumers.RemoveAll(consumer => consumer.Holder == holder);
    }

    public void Relieve()
    {
        _consumers.RemoveAll(static consumer => consumer.HasEnded);
        foreach (IPressureRelief consumer in _consumers)
        {
            consumer.Relieve();
        }
    }
}
