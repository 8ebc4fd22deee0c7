namespace Zcrx.Interop.Leases;

/// <summary>One kept buffer: where it is, who kept it, and how many leases share it.</summary>
internal unsafe struct LeaseSlot
{
    /// <summary>Area token | byte offset, what goes into the refill queue.</summary>
    public ulong Offset;

    public byte* Address;

    public int Length;

    public long StreamOffset;

    /// <summary>Leases on this buffer, the borrow included while it lasts. Atomic: the one that takes it to zero returns the buffer.</summary>
    public int References;

    /// <summary>Link in the list of returned slots, or of free ones.</summary>
    public int Next;

    public BufferHolder Holder;

    public string? Origin;
}
