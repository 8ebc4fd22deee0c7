using System.Runtime.CompilerServices;

namespace Zcrx.Rx.Ring;

/// <summary>
/// Maps slot numbers to objects. A generation number tells successive uses of a slot apart. Ring thread only, except <see cref="Find"/>
/// and <see cref="Snapshot"/>.
/// </summary>
/// <remarks>
/// Another thread that calls <see cref="Find"/> for a slot that is reused at the same moment may get the new object. It must check that the
/// slot is still in use as before.
/// </remarks>
internal sealed class SlotTable<T>
    where T : class
{
    private readonly Stack<int> _free = new();
    private Entry[] _entries = new Entry[64];
    private int _used;

    public int Count { get; private set; }

    /// <summary>Gets the number of slots that have ever been used.</summary>
    public int Length => _used;

    /// <summary>Reserves a slot. The caller must fill it by <see cref="Set"/>.</summary>
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

    /// <summary>Returns the object in a slot; null if the slot is free or has another generation now.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T? Find(int slot, uint generation)
    {
        Entry[] entries = _entries;
        if ((uint)slot >= (uint)entries.Length)
        {
            return null;
        }

        ref readonly Entry entry = ref entries[slot];
        return entry.Generation == generation ? entry.Item : null;
    }

    /// <summary>Returns the object in a slot below <see cref="Length"/>; null if the slot is free.</summary>
    public T? At(int slot) => _entries[slot].Item;

    public void Free(int slot)
    {
        _entries[slot].Item = null;
        _free.Push(slot);
        Count--;
    }

    /// <summary>
    /// Returns a copy of all objects, so that the caller may change the table during an enumeration. Any thread. If the ring thread adds an
    /// object at the same time, it may be missing.
    /// </summary>
    public T[] Snapshot() => [.. _entries.Select(static entry => entry.Item).OfType<T>()];

    // Both fields share a cache line, so that finding an object reads only one.
    private struct Entry
    {
        public T? Item;
        public uint Generation;
    }
}
