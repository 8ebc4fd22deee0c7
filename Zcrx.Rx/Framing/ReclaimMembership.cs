using Zcrx.Interop;
using Zcrx.Interop.Leases;

namespace Zcrx.Rx.Framing;

/// <summary>
/// Registers a consumer with the pool of its leased buffers, so that the pool can reclaim them under pressure. Registers it with the pool of
/// another queue after the connection has moved. Ring thread only.
/// </summary>
/// <param name="consumer">The consumer.</param>
internal sealed class ReclaimMembership(IReclaimable consumer)
{
    private BufferLedger? _ledger;
    private int _dismissals;

    /// <summary>Gets the holder that counts the leased buffers; null until one is leased.</summary>
    public BufferHolder? Holder { get; private set; }

    /// <summary>Adds the consumer to the list of the pool that a buffer belongs to, unless it is there.</summary>
    /// <returns>True for the first buffer, and for the first one after the connection has moved: to another queue, or away and back.</returns>
    public bool Follow(in ReceivedBuffer buffer)
    {
        BufferLedger ledger = buffer.Ledger;
        int dismissals = buffer.Holder?.Dismissals ?? 0;
        if (ledger == _ledger && dismissals == _dismissals && buffer.Holder == Holder)
        {
            return false;
        }

        if (_ledger is null || !ledger.Reclaimable.Contains(consumer))
        {
            ledger.Reclaimable.Add(consumer);
        }

        _ledger = ledger;
        _dismissals = dismissals;
        Holder = buffer.Holder;
        return true;
    }
}
