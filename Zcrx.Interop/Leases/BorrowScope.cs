using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Zcrx.Interop.Leases;

/// <summary>
/// Represents the buffer that a consumer borrows during <c>OnNext</c>. One object serves all borrows of a queue. Each borrow has its own
/// version number.
/// </summary>
/// <remarks>
/// <para>The ring thread begins a borrow before the consumer's <c>OnNext</c> and ends it afterwards. Members that change the ledger throw
/// on any other thread.</para>
/// <para>Other threads may read. A reader compares the version after it has read the fields, as in a sequence lock. If its borrow has
/// ended, it gets an exception and never the fields of a later borrow.</para>
/// </remarks>
internal sealed unsafe class BorrowScope(BufferLedger ledger)
{
    private const int NotLeased = -1;

    private byte* _address;
    // The difference between the offset and the address of a buffer.
    private ulong _shift;
    private int _length;
    private long _streamOffset;
    // The holder, or null while the table finds it by the tag. A reference is written only where it does not change for each buffer,
    // because the garbage collector's write barrier costs more than the rest of a borrow.
    private BufferHolder? _holder;
    private ulong _tag;
    private AreaMemory? _memory;
    private int _slot = NotLeased;
    private long _version;

    public BufferLedger Ledger => ledger;

    /// <summary>Gets or sets the table that finds holders by their tags. Set before the first run.</summary>
    public IHolderTable? Holders { get; set; }

    /// <summary>Gets the tag of the latest buffer that was lent with a tag. Any thread.</summary>
    public ulong Tag => Volatile.Read(ref _tag);

    /// <summary>
    /// Gets a value indicating whether the borrowed buffer was leased. The borrow then owns a reference to it, which <see cref="End"/>
    /// releases. Ring thread only.
    /// </summary>
    public bool IsLeased
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _slot != NotLeased;
    }

    /// <summary>Begins the borrow of a buffer.</summary>
    public ReceivedBuffer Begin(ulong offset, AreaMemory memory, byte* address, int length, long streamOffset, BufferHolder holder)
    {
        SetMemory(memory);
        SetHolder(holder);
        _shift = offset - (ulong)address;
        return Lend(_tag, address, length, streamOffset);
    }

    /// <summary>Begins a run of borrows in one area, whose holders are found by their tags. Ends the current borrow.</summary>
    /// <param name="memory">The area.</param>
    /// <param name="offset">The offset of any buffer of the area.</param>
    /// <param name="address">The address of that buffer.</param>
    public void BeginRun(AreaMemory memory, ulong offset, byte* address)
    {
        SetMemory(memory);
        _holder = null;
        _shift = offset - (ulong)address;
    }

    /// <summary>Sets the area of the buffers that are borrowed next. Ends the current borrow.</summary>
    public void SetMemory(AreaMemory memory)
    {
        NextVersion();
        _memory = memory;
    }

    /// <summary>Sets the holder of the buffers that are borrowed next. Ends the current borrow.</summary>
    public void SetHolder(BufferHolder holder)
    {
        NextVersion();
        _holder = holder;
    }

    /// <summary>
    /// Begins the borrow of another buffer in the same area. Ends the current borrow, whose buffer must not have been leased.
    /// </summary>
    /// <param name="tag">The tag of the holder. Has no effect unless <see cref="BeginRun"/> was called.</param>
    /// <param name="address">The address of the bytes.</param>
    /// <param name="length">The number of bytes.</param>
    /// <param name="streamOffset">The position of the first byte in the stream.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReceivedBuffer Lend(ulong tag, byte* address, int length, long streamOffset)
    {
        long version = NextVersion();
        _tag = tag;
        _address = address;
        _length = length;
        _streamOffset = streamOffset;
        return new ReceivedBuffer(this, version);
    }

    /// <summary>Begins the borrow of a leased buffer. The reference is released when the borrow ends.</summary>
    public ReceivedBuffer BeginLeased(int slot, AreaMemory memory)
    {
        ref LeaseSlot kept = ref ledger[slot];
        _slot = slot;
        return Begin(kept.Offset, memory, kept.Address, kept.Length, kept.StreamOffset, kept.Holder);
    }

    /// <summary>Ends the borrow.</summary>
    /// <returns>True when no lease keeps the buffer. The caller must then return it to the kernel.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool End()
    {
        // The caller then gives the buffer to the kernel by a release store of the refill queue's tail. That store makes the new version
        // visible first.
        NextVersion();
        if (_slot == NotLeased)
        {
            return true;
        }

        int slot = _slot;
        _slot = NotLeased;
        bool isCopy = ledger.IsCopy(slot);
        ledger.Release(slot);
        return isCopy;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> Span(long version)
    {
        ReadOnlySpan<byte> span = new(_address, _length);
        EnsureStill(version);
        return span;
    }

    public int Length(long version)
    {
        int length = _length;
        EnsureStill(version);
        return length;
    }

    public long StreamOffset(long version)
    {
        long offset = _streamOffset;
        EnsureStill(version);
        return offset;
    }

    public BufferHolder Holder(long version)
    {
        BufferHolder? holder = FindHolder();
        EnsureStill(version);
        return holder!;
    }

    /// <summary>Gets the bytes as memory. In checking mode, each access checks that the borrow lasts.</summary>
    public ReadOnlyMemory<byte> Memory(long version)
    {
        ReadOnlyMemory<byte> memory = UncheckedMemory(version);
        return !ledger.ChecksBorrows ? memory : new BorrowedMemory(memory, new BufferLoan(this, version)).Memory;
    }

    /// <summary>Gets the bytes as memory without checks. For operators that lease the buffer or check the borrow themselves.</summary>
    public ReadOnlyMemory<byte> UncheckedMemory(long version)
    {
        Check(version);
        return _memory!.Slice(_address, _length);
    }

    /// <summary>Determines whether the borrow with a version lasts. Any thread.</summary>
    public bool IsValid(long version) => Volatile.Read(ref _version) == version;

    /// <summary>Leases the buffer without a copy. For operators that already refer to its memory.</summary>
    /// <returns>A slot of which the caller owns one reference; −1 when only a copy can be leased.</returns>
    public int TryLeaseInPlace(long version)
    {
        Check(version);
        bool mayLease = _slot == NotLeased ? ledger.MayLease : !ledger.IsCopy(_slot);
        return mayLease ? Lease(version) : NotLeased;
    }

    /// <summary>Leases the buffer. The caller owns one reference to the slot that is returned.</summary>
    public int Lease(long version)
    {
        Check(version);
        if (_slot == NotLeased)
        {
            // The caller owns one reference. The borrow owns the other until the borrow ends.
            _slot = ledger.Lease((ulong)_address + _shift, _address, _length, _streamOffset, FindHolder()!, references: 2);
        }
        else
        {
            ledger.AddReference(_slot);
        }

        return _slot;
    }

    [DoesNotReturn]
    internal static void ThrowEnded() => throw new ObjectDisposedException(
        nameof(ReceivedBuffer),
        "The buffer was lent for the duration of OnNext and has returned to the pool. Call Retain() inside OnNext to keep it. "
        + "Put Offload, Process or Retained before operators that keep or schedule items, such as Delay, Buffer and ObserveOn.");

    [DoesNotReturn]
    private static void ThrowForeignThread() => throw new InvalidOperationException(
        "A borrowed buffer may be used only on the ring thread, inside OnNext, but was used on another thread. Use Offload or Process to work on another thread, or call Retain() inside OnNext and pass the lease on.");

    // While a buffer is borrowed, its holder stays in the table.
    private BufferHolder? FindHolder() => _holder ?? Holders?.Find(_tag);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private long NextVersion()
    {
        long version = _version + 1;
        _version = version;
        // Makes the version visible before the fields that are written next (arm64: dmb ishst). Pairs with the barrier in EnsureStill. A
        // thread that has read one of those fields then sees the new version.
        Volatile.WriteBarrier();
        return version;
    }

    /// <summary>
    /// Throws if the borrow has ended. The fields that the caller has read may then belong to a later borrow. Any thread.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void EnsureStill(long version)
    {
        // Orders the reads of the fields before the read of the version (arm64: dmb ishld). If the version is unchanged, the fields that
        // were read belong to this borrow.
        Volatile.ReadBarrier();
        if (Volatile.Read(ref _version) != version)
        {
            ThrowEnded();
        }
    }

    /// <summary>
    /// Throws if the borrow has ended, or if the caller is not the ring thread. On the ring thread, the borrow cannot end before the caller
    /// has read the fields.
    /// </summary>
    private void Check(long version)
    {
        if (!IsValid(version))
        {
            ThrowEnded();
        }

        if (!ledger.IsRingThread)
        {
            ThrowForeignThread();
        }
    }
}
