using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Zcrx.Interop.Memory;

namespace Zcrx.Interop.Leases;

/// <summary>Holds a slot for every leased buffer, and takes buffers back from any thread.</summary>
/// <remarks>
/// <para>Threads: the ring's thread hands slots out and drains them into the refill queue. Any thread may release; what another thread
/// releases goes through a <see cref="ReturnList"/> and comes back in order.</para>
/// <para>After <see cref="Close"/> nothing is drained any more. Each leased buffer then holds a count on the memory, so that the last one
/// unmaps it.</para>
/// </remarks>
internal sealed unsafe class BufferLedger
{
    private const int ChunkShift = 10;
    private const int ChunkSize = 1 << ChunkShift;
    private const int Nil = ReturnList.Nil;
    // No buffer has it: a token has at most 16 bits above, and offsets end with the area. Slots of copies have it, and those that are free.
    private const ulong CopyOffset = ulong.MaxValue;

    private readonly ReturnList _returned;
    private readonly bool _recordOrigins;
    // The thread itself and not its number, which the next thread may get when this one has ended.
    private readonly Thread _ringThread = Thread.CurrentThread;
    private readonly List<MemoryRegion> _regions = [];
    // Grown by the ring's thread; other threads read it through the volatile reference.
    private volatile LeaseSlot[][] _chunks = [];
    private int _free = Nil;
    private int _slotsInUse;
    private int _onTheWay;
    private bool _isUnderPressure;
    private long _copies;

    /// <param name="wake">Wakes the ring's thread; called by a releasing thread only when <see cref="TryPrepareToSleep"/> asked for it.</param>
    /// <param name="recordOrigins">Whether to note where each lease was taken; slow, for finding leaks.</param>
    /// <param name="checkBorrows">Whether each access to borrowed memory is checked; slow, for finding uses after <c>OnNext</c>.</param>
    public BufferLedger(Action wake, bool recordOrigins, bool checkBorrows = false)
    {
        _returned = new ReturnList(wake);
        _recordOrigins = recordOrigins;
        ChecksBorrows = checkBorrows;
        Borrow = new BorrowScope(this);
    }

    /// <summary>Gets a value indicating whether each access to borrowed memory is checked.</summary>
    public bool ChecksBorrows { get; }

    /// <summary>Gets a value indicating whether the calling thread is the ring's.</summary>
    public bool IsRingThread => Thread.CurrentThread == _ringThread;

    /// <summary>The borrow that is going on; there is at most one, on the ring's thread.</summary>
    public BorrowScope Borrow { get; }

    /// <summary>Where returned buffers go: appends to the refill queue. Called on the ring's thread.</summary>
    public Action<ulong>? Refill { get; set; }

    /// <summary>Where buffers go that are returned after <see cref="Close"/>: another ring may go on with the queue. Called on any thread.</summary>
    public Action<ulong>? Forward { get; set; }

    /// <summary>Buffers kept by consumers. One that has been released counts no more, whether or not the ring's thread has seen it yet.</summary>
    // In this order: a drain in between lowers both, and the difference is too high for a moment rather than too low.
    public int Kept => Volatile.Read(ref _slotsInUse) - Volatile.Read(ref _onTheWay);

    /// <summary>Buffers that have not come back to the ring's thread: what it has to count with, since the others cannot receive yet. Ring's thread only.</summary>
    public int InFlight => _slotsInUse;

    /// <summary>How many buffers consumers may keep. What they keep beyond that are copies, so that the rest of the pool always comes back by itself. Ring's thread only.</summary>
    public int LeaseLimit { get; set; } = int.MaxValue;

    /// <summary>Copies made since the start.</summary>
    public long Copies => Volatile.Read(ref _copies);

    /// <summary>Whether a buffer that is kept now is kept itself, and not as a copy. Ring's thread only.</summary>
    public bool MayKeep => Kept < LeaseLimit;

    /// <summary>Whether the pool is under pressure: consumers that could copy should rather do that than keep a buffer.</summary>
    /// <remarks>Set on the ring's thread. When it becomes true, those in <see cref="Relief"/> give back what they keep, before this returns.</remarks>
    public bool IsUnderPressure
    {
        get => Volatile.Read(ref _isUnderPressure);
        set
        {
            bool rises = value && !_isUnderPressure;
            Volatile.Write(ref _isUnderPressure, value);
            if (rises)
            {
                Relief.Relieve();
            }
        }
    }

    /// <summary>Consumers that keep buffers, but can do without. Ring's thread only.</summary>
    public ReliefList Relief { get; } = new();

    public void AddRegion(MemoryRegion region) => _regions.Add(region);

    public ref LeaseSlot this[int slot] => ref _chunks[slot >> ChunkShift][slot & (ChunkSize - 1)];

    /// <summary>Keeps a buffer beyond its borrow. Ring's thread only.</summary>
    /// <returns>A slot with <paramref name="references"/> references. With <see cref="IsCopy"/>, the buffer itself is not kept.</returns>
    public int Keep(ulong offset, byte* address, int length, long streamOffset, BufferHolder holder, int references) =>
        Keep(MayKeep, offset, address, length, streamOffset, holder, references);

    /// <summary>Keeps a copy of bytes that lie in another queue's memory. Ring's thread only.</summary>
    /// <returns>A slot with one reference.</returns>
    public int KeepCopy(byte* address, int length, long streamOffset, BufferHolder holder) =>
        Keep(isKeptItself: false, CopyOffset, address, length, streamOffset, holder, references: 1);

    private int Keep(bool isKeptItself, ulong offset, byte* address, int length, long streamOffset, BufferHolder holder, int references)
    {
        if (_free == Nil)
        {
            Grow();
        }

        int index = _free;
        ref LeaseSlot slot = ref this[index];
        _free = slot.Next;
        if (isKeptItself)
        {
            slot.Offset = offset;
            slot.Address = address;
            Volatile.Write(ref _slotsInUse, _slotsInUse + 1);
        }
        else
        {
            slot.Offset = CopyOffset;
            slot.Address = Copy(address, length);
        }

        slot.Length = length;
        slot.StreamOffset = streamOffset;
        slot.Holder = holder;
        // Our own frames included: how many there are to skip depends on what the compiler has inlined.
        slot.Origin = _recordOrigins ? new StackTrace(fNeedFileInfo: true).ToString() : null;
        slot.Begin(references);
        holder.Add(1);
        return index;
    }

    /// <summary>Whether a kept buffer is a copy, which means that the buffer itself goes back when its borrow ends.</summary>
    public bool IsCopy(int slot) => this[slot].Offset == CopyOffset;

    /// <summary>Adds a reference to a leased buffer. Any thread.</summary>
    /// <returns>False when the buffer has been returned since the handle was taken.</returns>
    public bool TryAddReference(LeaseHandle handle) => this[handle.Slot].TryAddReference(handle.Generation);

    /// <summary>Adds a reference to a buffer that the caller holds a reference to.</summary>
    public void AddReference(int slot)
    {
        ref LeaseSlot kept = ref this[slot];
        if (!kept.TryAddReference(kept.Generation))
        {
            throw new InvalidOperationException("A reference was added to a buffer that is not leased. This is a defect of Zcrx; report it.");
        }
    }

    /// <summary>Gives up a reference that the caller owns; the last one returns the buffer. Any thread.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Release(int slot)
    {
        if (this[slot].RemoveReference())
        {
            Return(slot);
        }
    }

    /// <summary>Takes back what other threads have released. Ring's thread only.</summary>
    /// <returns>Whether there was anything.</returns>
    public bool Drain()
    {
        if (_returned.IsEmpty)
        {
            return false;
        }

        ReturnAll(_returned.TakeAll());
        return true;
    }

    /// <inheritdoc cref="ReturnList.TryPrepareToSleep"/>
    public bool TryPrepareToSleep() => _returned.TryPrepareToSleep();

    /// <inheritdoc cref="ReturnList.Awake"/>
    public void Awake() => _returned.Awake();

    /// <summary>The queue is torn down. What is still out keeps the memory alive; the rest is unmapped now. Only the first call does anything.</summary>
    /// <returns>How many buffers are still out.</returns>
    public int Close()
    {
        if (_returned.IsClosed)
        {
            return 0;
        }

        int outstanding = _slotsInUse;
        foreach (MemoryRegion region in _regions)
        {
            for (int i = 0; i < outstanding; i++)
            {
                region.AddOwner();
            }
        }

        int last = _returned.Close();
        Refill = null;
        while (last >= 0)
        {
            int next = this[last].Next;
            if (IsCopy(last))
            {
                FreeCopy(last);
            }
            else
            {
                Forward?.Invoke(this[last].Offset);
                ReleaseRegions();
                outstanding--;
            }

            last = next;
        }

        ReleaseRegions();
        return outstanding;
    }

    /// <summary>Every buffer that is out, those included that have come back and were not drained yet. Ring's thread only.</summary>
    public void ForEachInFlight(Action<ulong> visit)
    {
        foreach (LeaseSlot[] chunk in _chunks)
        {
            foreach (LeaseSlot slot in chunk)
            {
                if (slot.Offset != CopyOffset)
                {
                    visit(slot.Offset);
                }
            }
        }
    }

    /// <summary>Where the kept buffers were taken, when origins are recorded.</summary>
    public IReadOnlyList<string> Origins()
    {
        List<string> origins = [];
        foreach (LeaseSlot[] chunk in _chunks)
        {
            foreach (LeaseSlot slot in chunk)
            {
                if (slot.References > 0 && slot.Origin is { } origin)
                {
                    origins.Add(origin);
                }
            }
        }

        return origins;
    }

    private void Return(int index)
    {
        if (IsRingThread && Refill is not null)
        {
            ReturnOne(index);
            return;
        }

        ref LeaseSlot slot = ref this[index];
        // Before it is in the list: from then on the slot is the ring thread's.
        slot.Holder.BeginReturn();
        bool isCopy = IsCopy(index);
        if (!isCopy)
        {
            Interlocked.Increment(ref _onTheWay);
        }

        if (_returned.TryAdd(index, ref slot))
        {
            return;
        }

        if (isCopy)
        {
            FreeCopy(index);
        }
        else
        {
            Forward?.Invoke(slot.Offset);
            ReleaseRegions();
        }
    }

    /// <summary>The list is last in, first out; the refill queue wants the order of release (7.3 folds neighbours), so it is turned round.</summary>
    private void ReturnAll(int last)
    {
        int first = Nil;
        while (last >= 0)
        {
            int next = this[last].Next;
            this[last].Next = first;
            first = last;
            last = next;
        }

        while (first >= 0)
        {
            int next = this[first].Next;
            this[first].Holder.EndReturn();
            if (!IsCopy(first))
            {
                Interlocked.Decrement(ref _onTheWay);
            }

            ReturnOne(first);
            first = next;
        }
    }

    private void ReturnOne(int index)
    {
        ref LeaseSlot slot = ref this[index];
        ulong offset = slot.Offset;
        slot.Holder.Add(-1);
        slot.Origin = null;
        slot.Next = _free;
        slot.Offset = CopyOffset;
        if (offset == CopyOffset)
        {
            FreeCopy(index);
            _free = index;
            return;
        }

        _free = index;
        Volatile.Write(ref _slotsInUse, _slotsInUse - 1);
        Refill!(offset);
    }

    private byte* Copy(byte* address, int length)
    {
        byte* copy = (byte*)NativeMemory.Alloc((nuint)length);
        new ReadOnlySpan<byte>(address, length).CopyTo(new Span<byte>(copy, length));
        Volatile.Write(ref _copies, _copies + 1);
        return copy;
    }

    private void FreeCopy(int slot) => NativeMemory.Free(this[slot].Address);

    private void ReleaseRegions()
    {
        foreach (MemoryRegion region in _regions)
        {
            region.Release();
        }
    }

    private void Grow()
    {
        int start = _chunks.Length << ChunkShift;
        if (start == LeaseHandle.MaxSlots)
        {
            throw new InvalidOperationException($"{LeaseHandle.MaxSlots} buffers and copies are leased. Release leases that are no longer used.");
        }

        LeaseSlot[] chunk = new LeaseSlot[ChunkSize];
        for (int i = 0; i < ChunkSize; i++)
        {
            chunk[i].Next = i == ChunkSize - 1 ? Nil : start + i + 1;
            chunk[i].Offset = CopyOffset;
        }

        _chunks = [.. _chunks, chunk];
        _free = start;
    }
}
