using Zcrx.Interop.Leases;

namespace Zcrx.Rx.Receiving;

/// <summary>Holds the buffers of one connection that no observer has received yet, in stream order.</summary>
/// <remarks>
/// Belongs to the owner of the connection: the ring thread of its queue, or the owner of suspended connections. Moves with the connection.
/// </remarks>
internal sealed class UndeliveredBuffers
{
    private readonly Queue<int> _slots = new();
    // The ledger that contains the leases of the buffers. It belongs to the queue that received them, even after the connection has left
    // that queue.
    private BufferLedger? _ledger;
    private long _bytes;

    /// <summary>Gets the number of buffers. It is stored, because delivery reads it often.</summary>
    public int Count { get; private set; }

    /// <summary>Gets the number of bytes in the buffers. Any thread may read it.</summary>
    public long Bytes { get => Volatile.Read(ref _bytes); private set => Volatile.Write(ref _bytes, value); }

    /// <summary>Adds a leased buffer. This object owns one reference to it from now on.</summary>
    public void Add(BufferLedger ledger, int slot)
    {
        _ledger = ledger;
        _slots.Enqueue(slot);
        Count++;
        Bytes += ledger[slot].Length;
    }

    /// <summary>Removes the first buffer and passes the ownership of its reference to the caller.</summary>
    /// <returns>The slot of the buffer in the ledger.</returns>
    public int Take()
    {
        int slot = _slots.Dequeue();
        Count--;
        Bytes -= _ledger![slot].Length;
        return slot;
    }

    /// <summary>Returns the stream offset up to which observers have received.</summary>
    /// <param name="received">The number of bytes that the connection has received.</param>
    public long Position(long received) => _slots.TryPeek(out int first) ? _ledger![first].StreamOffset : received;

    /// <summary>Returns how many of these buffers are leased from a ledger's own memory. Copies do not count.</summary>
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
    /// Replaces the buffers by copies that the new queue's ledger counts, because the originals lie in the memory of the old queue.
    /// </summary>
    public unsafe void CopyTo(BufferLedger ledger, BufferHolder holder)
    {
        if (ledger == _ledger)
        {
            return;
        }

        if (_slots.Count == 0)
        {
            // A moved connection must not keep the ledger of a closed queue in memory.
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

    /// <summary>Releases all buffers and returns a copy of their bytes.</summary>
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
