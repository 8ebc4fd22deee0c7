namespace Zcrx.Interop.Leases;

/// <summary>Identifies one use of a slot. Index and generation share one word, so that both can be exchanged atomically.</summary>
/// <remarks>A generation has 40 bits. At ten million uses of one slot per second, it repeats after 30 hours.</remarks>
internal readonly record struct LeaseHandle(ulong Word)
{
    public const int SlotBits = 24;
    public const int MaxSlots = 1 << SlotBits;

    public LeaseHandle(int slot, ulong generation)
        : this((generation << SlotBits) | (uint)slot)
    {
    }

    /// <summary>Gets the handle that refers to no slot. No slot has this handle, since generations begin with 1.</summary>
    public static LeaseHandle None => default;

    public int Slot => (int)(Word & (MaxSlots - 1));

    public ulong Generation => Word >> SlotBits;
}
