using System.Runtime.CompilerServices;

namespace Zcrx.Rx.Ring;

/// <summary>Maps slots to objects. Each use of a slot has its own generation. Ring thread only, except <see cref="Snapshot"/>.</summary>
internal sealed class SlotTable<T>
    where T : class
{
    private readonly Stack<int> _free = new();
    private Entry[] _entries = new Entry[64];
    private int _used;

    public int Count { get; private set; }

    /// <summary>Gets the number of slots that were ever used.</summary>
    public int Length => _used;

    /// <summary>Reserves a slot; <see cref="Set"/> fills it.</summary>
    public (int Slot, uint Generation) Reserve()
    {
        if (!_free.TryPop(out int slot))
        {
            slot = _used++;
            if (slot == _entries.Length)
            {
                Array.Resize(ref _entries, slot * 2);
            }
        }

        ref Entry entry = ref _entries[slot];
        entry.Generation = (entry.Generation + 1) & UserData.GenerationMask;
        Count++;
        return (slot, entry.Generation);
    }

    public void Set(int slot, T item) => _entries[slot].Item = item;

    /// <summary>Returns the object in a slot; null if that use of the slot has ended.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T? Find(int slot, uint generation)
    {
        Entry[] entries = _entries;
        return (uint)slot < (uint)entries.Length && entries[slot].Generation == generation ? entries[slot].Item : null;
    }

    /// <summary>Returns the object in a slot below <see cref="Length"/>; null while the slot is free.</summary>
    public T? At(int slot) => _entries[slot].Item;

    public void Free(int slot)
    {
        _entries[slot].Item = null;
        _free.Push(slot);
        Count--;
    }

    /// <summary>
    /// Returns a copy of the objects, so that the table may change during an enumeration. Any thread. An object that the ring thread adds
    /// during the call may be missing.
    /// </summary>
    public T[] Snapshot() => [.. _entries.Select(static entry => entry.Item).OfType<T>()];

    // Item and generation are adjacent, so that finding an object reads one cache line.
    private struct Entry
    {
        public T? Item;
        public uint Generation;
    }
}
