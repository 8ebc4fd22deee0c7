using System.Runtime.CompilerServices;

namespace Zcrx.Rx.Loop;

/// <summary>Objects by slot, each use of a slot with its own generation. Used by the ring's thread only.</summary>
internal sealed class SlotTable<T>
    where T : class
{
    private readonly Stack<int> _free = new();
    private T?[] _items = new T?[64];
    private uint[] _generations = new uint[64];
    private int _used;

    public int Count { get; private set; }

    /// <summary>Reserves a slot; <see cref="Set"/> fills it.</summary>
    public (int Slot, uint Generation) Reserve()
    {
        if (!_free.TryPop(out int slot))
        {
            slot = _used++;
            if (slot == _items.Length)
            {
                Array.Resize(ref _items, slot * 2);
                Array.Resize(ref _generations, slot * 2);
            }
        }

        _generations[slot] = (_generations[slot] + 1) & UserData.GenerationMask;
        Count++;
        return (slot, _generations[slot]);
    }

    public void Set(int slot, T item) => _items[slot] = item;

    /// <summary>What is in the slot, if it is still the same use of it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T? Find(int slot, uint generation) =>
        (uint)slot < (uint)_items.Length && _generations[slot] == generation ? _items[slot] : null;

    public void Free(int slot)
    {
        _items[slot] = null;
        _free.Push(slot);
        Count--;
    }

    /// <summary>A copy of what is in the table, so that it may change while it is walked.</summary>
    public T[] Snapshot() => [.. _items.OfType<T>()];
}
