namespace Zcrx.Interop.Leases;

/// <summary>Holds the consumers from which the pool can reclaim buffers under pressure. Ring thread only.</summary>
/// <remarks>
/// Consumers can end on any thread, so they do not remove themselves. When the list has doubled, adding a consumer removes those that have
/// ended. Few of them therefore stay in the list.
/// </remarks>
internal sealed class ReclaimList
{
    private const int SmallestSweep = 16;

    private readonly List<IReclaimable> _consumers = [];
    private int _sweepAt = SmallestSweep;

    public int Count => _consumers.Count;

    /// <summary>Adds a consumer that is not in the list.</summary>
    public void Add(IReclaimable consumer)
    {
        if (_consumers.Count >= _sweepAt)
        {
            _consumers.RemoveAll(static consumer => consumer.HasEnded);
            _sweepAt = Math.Max(SmallestSweep, 2 * _consumers.Count);
        }

        _consumers.Add(consumer);
    }

    public bool Contains(IReclaimable consumer) => _consumers.Contains(consumer);

    /// <summary>
    /// Reclaims the buffers of one holder and removes its consumers. Called when the holder's connection leaves this ring thread.
    /// </summary>
    public void Dismiss(BufferHolder holder)
    {
        foreach (IReclaimable consumer in _consumers)
        {
            if (consumer.Holder == holder)
            {
                consumer.Reclaim();
            }
        }

        _consumers.RemoveAll(consumer => consumer.Holder == holder);
        // If the source returns to this ring thread, its consumers notice the new number and add themselves again.
        holder.Dismissals++;
    }

    /// <summary>Reclaims the buffers of all consumers.</summary>
    public void ReclaimAll()
    {
        _consumers.RemoveAll(static consumer => consumer.HasEnded);
        foreach (IReclaimable consumer in _consumers)
        {
            consumer.Reclaim();
        }
    }
}
