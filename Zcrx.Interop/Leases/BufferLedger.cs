using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Zcrx.Interop.Kernel;
using Zcrx.Interop.Memory;

namespace Zcrx.Interop.Leases;

/// <summary>Holds a slot for every leased buffer, and takes buffers back from any thread.</summary>
/// <remarks>
/// <para>Threading: the ring thread assigns slots and drains them into the refill queue. Any thread may release. Slots that another thread
/// releases pass through a <see cref="ReturnList"/> and are returned in order.</para>
/// <para>After <see cref="Close"/>, nothing is drained. Each leased buffer then has a reference to the memory, so that the last release
/// unmaps it.</para>
/// </remarks>
internal sealed unsafe class BufferLedger
{
    private const int ChunkShift = 10;
    private const int ChunkSize = 1 << ChunkShift;
    private const int Nil = ReturnList.Nil;
    // Marks slots of copies and free slots. It is no buffer's offset, since its lower 48 bits are beyond the end of any area.
    private const ulong CopyOffset = ulong.MaxValue;

    private readonly ReturnList _returned;
    private readonly bool _recordOrigins;
    private readonly object _ringThread = Threads.Current;
    private readonly List<MemoryRegion> _regions = [];
    // The ring thread adds chunks by replacing the array. Other threads read the array through the volatile reference.
    private volatile LeaseSlot[][] _chunks = [];
    private int _free = Nil;
    private int _slotsInUse;
    private int _inReturn;
    private bool _isUnderPressure;
    private long _copies;
    private long _freedCopies;

    /// <param name="wake">Wakes the ring thread. A releasing thread calls it only after <see cref="TryPrepareToSleep"/>.</param>
    /// <param name="recordOrigins">Whether to record the stack trace of each lease. Slow, for finding leaks.</param>
    /// <param name="checkBorrows">Whether to check each access to borrowed memory. Slow, for finding accesses after <c>OnNext</c>.</param>
    public BufferLedger(Action wake, bool recordOrigins, bool checkBorrows = false)
    {
        _returned = new ReturnList(wake);
        _recordOrigins = recordOrigins;
        ChecksBorrows = checkBorrows;
        Borrow = new BorrowScope(this);
    }

    /// <summary>Gets a value indicating whether each access to borrowed memory is checked.</summary>
    public bool ChecksBorrows { get; }

    /// <summary>Gets or sets the length of a buffer in bytes, which is also the longest borrow. Set before the first borrow.</summary>
    public int BufferLength { get; set; }

    /// <summary>Gets a value indicating whether the calling thread is the ring thread.</summary>
    public bool IsRingThread => Threads.Current == _ringThread;

    /// <summary>Gets the object for the current borrow. The ring thread borrows one buffer at a time.</summary>
    public BorrowScope Borrow { get; }

    /// <summary>Gets or sets the action that appends a returned buffer to the refill queue. Called on the ring thread.</summary>
    public Action<ulong>? Refill { get; set; }

    /// <summary>Gets or sets the action that passes buffers released after <see cref="Close"/> to another ring of the same queue.
    /// Called on any thread.</summary>
    public Action<ulong>? Forward { get; set; }

    /// <summary>Gets the number of buffers that consumers lease. Any thread. A released buffer no longer counts, even if the ring thread
    /// has not drained it yet.</summary>
    // Reads the slots first. If a drain lowers both counters between the reads, the result is too high for a moment, but never too low.
    public int Leased => Volatile.Read(ref _slotsInUse) - Volatile.Read(ref _inReturn);

    /// <summary>
    /// Gets the number of buffers that are leased, or released and not drained yet. The kernel does not have these buffers. Ring thread
    /// only.
    /// </summary>
    public int InFlight => _slotsInUse;

    /// <summary>
    /// Gets or sets the number of buffers that consumers may lease. Leases beyond the limit are copies, so that the rest of the pool always
    /// returns to the kernel. Ring thread only.
    /// </summary>
    public int LeaseLimit { get; set; } = int.MaxValue;

    /// <summary>Gets the number of copies made since the start. Any thread.</summary>
    public long Copies => Volatile.Read(ref _copies);

    /// <summary>Gets the number of copies whose memory is not freed yet. Any thread.</summary>
    // Reads the freed copies first. A copy that is made and freed between the reads then makes the result too high, and never negative.
    public long LiveCopies => -Volatile.Read(ref _freedCopies) + Copies;

    /// <summary>Gets a value indicating whether the next lease is on the buffer itself and not on a copy. Ring thread only.</summary>
    public bool MayLease => Leased < LeaseLimit;

    /// <summary>Gets or sets a value indicating whether the pool is under pressure, so that consumers should copy rather than lease.
    /// Any thread may read.</summary>
    /// <remarks>The ring thread sets it. When it becomes true, the buffers of the consumers in <see cref="Reclaimable"/> are reclaimed
    /// before the setter returns.</remarks>
    public bool IsUnderPressure
    {
        get => Volatile.Read(ref _isUnderPressure);
        set
        {
            bool rises = value && !_isUnderPressure;
            Volatile.Write(ref _isUnderPressure, value);
            if (rises)
            {
                Reclaimable.ReclaimAll();
            }
        }
    }

    /// <summary>Gets the consumers whose buffers can be reclaimed. Ring thread only.</summary>
    public ReclaimList Reclaimable { get; } = new();

    public void AddRegion(MemoryRegion region) => _regions.Add(region);

    public ref LeaseSlot this[int slot] => ref _chunks[slot >> ChunkShift][slot & (ChunkSize - 1)];

    /// <summary>Leases a buffer beyond its borrow. Ring thread only.</summary>
    /// <returns>
    /// A slot with <paramref name="references"/> references. If <see cref="IsCopy"/> is true for the slot, the buffer itself is not leased.
    /// </returns>
    public int Lease(ulong offset, byte* address, int length, long streamOffset, BufferHolder holder, int references) =>
        Lease(MayLease, offset, address, length, streamOffset, holder, references);

    /// <summary>Leases a copy of bytes that are in the memory of another queue. Ring thread only.</summary>
    /// <returns>A slot with one reference.</returns>
    public int LeaseCopy(byte* address, int length, long streamOffset, BufferHolder holder) =>
        Lease(isLeasedItself: false, CopyOffset, address, length, streamOffset, holder, references: 1);

    private int Lease(bool isLeasedItself, ulong offset, byte* address, int length, long streamOffset, BufferHolder holder, int references)
    {
        if (_free == Nil)
        {
            Grow();
        }

        int index = _free;
        ref LeaseSlot slot = ref this[index];
        _free = slot.Next;
        if (isLeasedItself)
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
        // The trace includes frames of this library. Skipping them is not possible, because their number depends on inlining.
        slot.Origin = _recordOrigins ? new StackTrace(fNeedFileInfo: true).ToString() : null;
        slot.Begin(references);
        holder.Add(1);
        return index;
    }

    /// <summary>Determines whether a lease is on a copy. The buffer itself then returns to the kernel when its borrow ends.</summary>
    public bool IsCopy(int slot) => this[slot].Offset == CopyOffset;

    /// <summary>Adds a reference to a leased buffer. Any thread.</summary>
    /// <returns>False when the buffer has been returned since the handle was taken.</returns>
    public bool TryAddReference(LeaseHandle handle) => this[handle.Slot].TryAddReference(handle.Generation);

    /// <summary>Adds a reference to a buffer. The caller must already own a reference to it.</summary>
    public void AddReference(int slot)
    {
        ref LeaseSlot leased = ref this[slot];
        if (!leased.TryAddReference(leased.Generation))
        {
            throw new InvalidOperationException("A reference was added to a buffer that is not leased. This is a defect of Zcrx; report it.");
        }
    }

    /// <summary>Releases a reference that the caller owns. The last release returns the buffer. Any thread.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Release(int slot)
    {
        if (this[slot].RemoveReference())
        {
            Return(slot);
        }
    }

    /// <summary>Takes back the buffers that other threads have released. Ring thread only.</summary>
    /// <returns>Whether other threads had released any buffers.</returns>
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

    /// <summary>Closes the ledger when its queue is closed. Buffers that are still leased keep the memory mapped. Only the first
    /// call has an effect.</summary>
    /// <returns>The number of buffers that are still leased.</returns>
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

    /// <summary>Visits every leased buffer, including those that were released and not drained yet. Ring thread only.</summary>
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

    /// <summary>Returns the stack traces of the current leases; empty if they are not recorded.</summary>
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
        // Count the return before the slot is in the list. Once it is in the list, the ring thread owns it.
        slot.Holder.BeginReturn();
        bool isCopy = IsCopy(index);
        if (!isCopy)
        {
            Interlocked.Increment(ref _inReturn);
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

    /// <summary>
    /// Returns buffers in the order of their release. The list is last in, first out, so it is reversed. Entries of one buffer are then
    /// usually adjacent, and Linux 7.3 merges adjacent entries.
    /// </summary>
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
                Interlocked.Decrement(ref _inReturn);
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

    private void FreeCopy(int slot)
    {
        NativeMemory.Free(this[slot].Address);
        Interlocked.Increment(ref _freedCopies);
    }

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
