using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Zcrx.Interop.Leases;

/// <summary>Represents the buffer that is lent right now. One object serves all loans of a queue; the version tells them apart.</summary>
/// <remarks>
/// <para>The ring thread begins and ends loans, around the consumer's <c>OnNext</c>. Everything that changes the ledger throws on any other thread.</para>
/// <para>Other threads may read: the version is compared after the fields were read, as at the end of a sequence lock. A thread that has a buffer of an earlier
/// loan gets an exception, and never the fields of a later loan.</para>
/// </remarks>
internal sealed unsafe class BorrowScope(BufferLedger ledger)
{
    private const int NotLeased = -1;

    private ulong _offset;
    private byte* _address;
    private int _length;
    private long _streamOffset;
    private BufferHolder? _holder;
    private AreaMemory? _memory;
    private int _slot = NotLeased;
    private long _version;

    public BufferLedger Ledger => ledger;

    /// <summary>Gets a value indicating whether the lent buffer was leased. Its reference must then be released with <see cref="End"/>. Ring thread only.</summary>
    public bool IsLeased
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _slot != NotLeased;
    }

    /// <summary>Lends a buffer.</summary>
    public ReceivedBuffer Begin(ulong offset, AreaMemory memory, byte* address, int length, long streamOffset, BufferHolder holder)
    {
        SetMemory(memory);
        SetHolder(holder);
        return Lend(offset, address, length, streamOffset);
    }

    /// <summary>Sets the area of the next buffers. Ends the present loan.</summary>
    public void SetMemory(AreaMemory memory)
    {
        NextVersion();
        _memory = memory;
    }

    /// <summary>Sets the holder of the next buffers. Ends the present loan.</summary>
    public void SetHolder(BufferHolder holder)
    {
        NextVersion();
        _holder = holder;
    }

    /// <summary>Lends the next buffer of the same area and holder. Ends the present loan, whose buffer must not have been leased.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReceivedBuffer Lend(ulong offset, byte* address, int length, long streamOffset)
    {
        long version = NextVersion();
        _offset = offset;
        _address = address;
        _length = length;
        _streamOffset = streamOffset;
        return new ReceivedBuffer(this, version);
    }

    /// <summary>Lends a leased buffer. Its reference is released when the loan ends.</summary>
    public ReceivedBuffer BeginLeased(int slot, AreaMemory memory)
    {
        ref LeaseSlot kept = ref ledger[slot];
        _slot = slot;
        return Begin(kept.Offset, memory, kept.Address, kept.Length, kept.StreamOffset, kept.Holder);
    }

    /// <summary>Ends the loan.</summary>
    /// <returns>True when the buffer itself was not leased: it returns to the kernel now.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool End()
    {
        // The buffer returns to the kernel after this, by the release store of the refill queue's tail. That makes the end of the loan visible first.
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
        BufferHolder? holder = _holder;
        EnsureStill(version);
        return holder!;
    }

    /// <summary>Gets the bytes as memory. Where borrows are checked, each access is checked against the loan.</summary>
    public ReadOnlyMemory<byte> Memory(long version)
    {
        ReadOnlyMemory<byte> memory = UncheckedMemory(version);
        return !ledger.ChecksBorrows ? memory : new BorrowedMemory(memory, new BufferLoan(this, version)).Memory;
    }

    /// <summary>Gets the bytes as memory that is not checked against the loan, for operators that lease the buffer or check on their own.</summary>
    public ReadOnlyMemory<byte> UncheckedMemory(long version)
    {
        Check(version);
        return _memory!.Slice(_address, _length);
    }

    /// <summary>Determines whether the loan lasts. Any thread.</summary>
    public bool IsValid(long version) => Volatile.Read(ref _version) == version;

    /// <summary>Leases the buffer without a copy, for operators that refer to its memory.</summary>
    /// <returns>A slot of which the caller owns one reference; −1 when only a copy can be leased now.</returns>
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
            // Two references: the caller's, and the borrow's until it ends.
            _slot = ledger.Lease(_offset, _address, _length, _streamOffset, _holder!, references: 2);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private long NextVersion()
    {
        long version = _version + 1;
        _version = version;
        // The version is visible before the fields that are written next (arm64: dmb ishst). Pairs with the barrier in EnsureStill: a thread that has read
        // one of those fields sees the new version.
        Volatile.WriteBarrier();
        return version;
    }

    /// <summary>Throws unless the fields that were read before belong to the caller's loan. Any thread.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void EnsureStill(long version)
    {
        // The fields were read before the version is (arm64: dmb ishld). If it is the caller's, no later loan had written them yet.
        Volatile.ReadBarrier();
        if (Volatile.Read(ref _version) != version)
        {
            ThrowEnded();
        }
    }

    /// <summary>Throws unless the loan lasts and this is the ring thread, on which it cannot end before the caller has read the fields.</summary>
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
