using Zcrx.Interop;
using Zcrx.Interop.Leases;

namespace Zcrx.Rx.Framing;

/// <summary>
/// Registers a consumer with the pool whose buffers it leases, so that the pool can reclaim them under pressure. After the connection has
/// moved to another queue, registers it with that queue's pool. Ring thread only.
/// </summary>
/// <param name="consumer">The consumer whose buffers can be reclaimed.</param>
internal sealed class ReclaimMembership(IReclaimable consumer)
{
    private BufferLedger? _ledger;
    private int _dismissals;

    /// <summary>Gets the object that counts the leased buffers; null until a buffer is leased.</summary>
    public BufferHolder? Holder { get; private set; }

    /// <summary>Registers the consumer with the pool of a buffer, if it is not registered there.</summary>
    /// <returns>
    /// True for the first buffer, and for the first buffer after each move of the connection, even if it moved away and back.
    /// </returns>
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
