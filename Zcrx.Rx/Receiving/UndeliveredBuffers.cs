using Zcrx.Interop.Leases;

namespace Zcrx.Rx.Receiving;

/// <summary>Holds the buffers of one connection that no observer has received yet, in the order of the stream.</summary>
/// <remarks>
/// Owned by the connection's owner: the ring thread of its queue, or the owner of suspended connections. Moves with the connection.
/// </remarks>
internal sealed class UndeliveredBuffers
{
    private readonly Queue<int> _slots = new();
    // The ledger of the slots. It belongs to the queue that received the buffers, even after the connection has left that queue.
    private BufferLedger? _ledger;
    private long _bytes;

    /// <summary>Gets the number of buffers. It is stored, because delivery reads it for each run of completions.</summary>
    public int Count { get; private set; }

    /// <summary>Gets the number of bytes. Any thread may read.</summary>
    public long Bytes { get => Volatile.Read(ref _bytes); private set => Volatile.Write(ref _bytes, value); }

    /// <summary>Adds a leased buffer, of which this object owns one reference from now on.</summary>
    public void Add(BufferLedger ledger, int slot)
    {
        _ledger = ledger;
        _slots.Enqueue(slot);
        Count++;
        Bytes += ledger[slot].Length;
    }

    /// <summary>Removes the first buffer. The caller owns its reference from now on.</summary>
    /// <returns>The slot.</returns>
    public int Take()
    {
        int slot = _slots.Dequeue();
        Count--;
        Bytes -= _ledger![slot].Length;
        return slot;
    }

    /// <summary>Returns the stream offset up to which observers have received.</summary>
    /// <param name="received">The stream offset up to which the connection has received.</param>
    public long Position(long received) => _slots.TryPeek(out int first) ? _ledger![first].StreamOffset : received;

    /// <summary>Returns the number of waiting buffers that belong to a ledger, copies excluded.</summary>
    public int CountIn(BufferLedger ledger) => ledger == _ledger ? _slots.Count(slot => !ledger.IsCopy(slot)) : 0;

    /// <summary>Releases all buffers.</summary>
    public void Clear()
    {
        while (_slots.TryDequeue(out int slot))
        {
            _ledger!.Release(slot);
        }

        Count = 0;
        Bytes = 0;
        _ledger = null;
    }

    /// <summary>
    /// Replaces the buffers by copies that another queue's ledger counts: the originals lie in the memory of the queue
    /// that the connection has left.
    /// </summary>
    public unsafe void CopyTo(BufferLedger ledger, BufferHolder holder)
    {
        if (ledger == _ledger)
        {
            return;
        }

        if (_slots.Count == 0)
        {
            // A moved connection must not keep the ledger of a closed queue alive.
            _ledger = null;
            return;
        }

        for (int i = _slots.Count; i > 0; i--)
        {
            int original = _slots.Dequeue();
            ref LeaseSlot slot = ref _ledger![original];
            _slots.Enqueue(ledger.LeaseCopy(slot.Address, slot.Length, slot.StreamOffset, holder));
            _ledger.Release(original);
        }

        _ledger = ledger;
    }

    /// <summary>Releases all buffers and returns their bytes.</summary>
    public unsafe byte[] ToArray()
    {
        using MemoryStream bytes = new();
        foreach (int index in _slots)
        {
            ref LeaseSlot slot = ref _ledger![index];
            bytes.Write(new ReadOnlySpan<byte>(slot.Address, slot.Length));
        }

        Clear();
        return bytes.ToArray();
    }
}
