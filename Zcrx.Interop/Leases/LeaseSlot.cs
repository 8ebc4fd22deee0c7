namespace Zcrx.Interop.Leases;

/// <summary>Describes one leased buffer: its bytes, its holder, and its references.</summary>
/// <remarks>
/// Reference count and generation are one word, so that a handle of an earlier use cannot change the references of the current use. The
/// word is changed by compare-and-swap. Only <see cref="Begin"/> writes it directly, because no other thread changes it while the
/// count is 0.
/// </remarks>
internal unsafe struct LeaseSlot
{
    /// <summary>The position of the buffer: area token plus byte offset, as in a refill entry.</summary>
    public ulong Offset;

    public byte* Address;

    public int Length;

    public long StreamOffset;

    /// <summary>The next slot in the list of returned slots or in the list of free slots.</summary>
    public int Next;

    public BufferHolder Holder;

    public string? Origin;

    private const int CountBits = LeaseHandle.SlotBits;
    private const ulong CountMask = (1UL << CountBits) - 1;

    // The generation is in the upper bits, the number of references in the lower bits.
    private ulong _word;

    /// <summary>Gets the number of references to the buffer: its leases, its pins, and its borrow.</summary>
    public readonly int References => (int)(Volatile.Read(in _word) & CountMask);

    /// <summary>Gets the number of the slot's current use. It does not change while the caller owns a reference.</summary>
    public readonly ulong Generation => Volatile.Read(in _word) >> CountBits;

    /// <summary>Begins the next use of a free slot. Called on the ring thread, after all other fields are set.</summary>
    public void Begin(int references)
    {
        ulong generation = (_word >> CountBits) + 1;
        // A release store: the fields of the slot become visible before the count. Another thread reads them after a compare-and-swap,
        // which is a full fence, or after it has received the handle from the ring thread.
        Volatile.Write(ref _word, (generation << CountBits) | (uint)references);
    }

    /// <summary>Adds a reference.</summary>
    /// <returns>False when the slot's use with that generation has ended.</returns>
    public bool TryAddReference(ulong generation)
    {
        ulong word = Volatile.Read(in _word);
        while (word >> CountBits == generation && (word & CountMask) != 0)
        {
            if ((word & CountMask) == CountMask)
            {
                throw new InvalidOperationException($"The buffer has {CountMask} leases and pins already. Release some of them.");
            }

            // The compare-and-swap is a full fence: the reference exists before the buffer is read.
            ulong seen = Interlocked.CompareExchange(ref _word, word + 1, word);
            if (seen == word)
            {
                return true;
            }

            word = seen;
        }

        return false;
    }

    /// <summary>Removes a reference that the caller owns.</summary>
    /// <returns>True when the reference was the last one. The caller must then return the buffer.</returns>
    public bool RemoveReference()
    {
        ulong word = Volatile.Read(in _word);
        while ((word & CountMask) != 0)
        {
            // The compare-and-swap is a full fence: this thread's reads of the buffer end before another thread sees the lower count.
            ulong seen = Interlocked.CompareExchange(ref _word, word - 1, word);
            if (seen == word)
            {
                return (word & CountMask) == 1;
            }

            word = seen;
        }

        throw new InvalidOperationException("A reference to a buffer was released twice. This is a defect of Zcrx; report it.");
    }
}
