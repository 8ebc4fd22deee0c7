using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Zcrx.Interop.Leases;

/// <summary>The buffer that is lent out right now. One object serves all borrows of a queue: the version tells them apart.</summary>
/// <remarks>Begun and ended by the ring's thread, around the consumer's <c>OnNext</c>.</remarks>
internal sealed unsafe class BorrowScope(BufferLedger ledger)
{
    private const int NotKept = -1;

    private ulong _offset;
    private byte* _address;
    private int _length;
    private long _streamOffset;
    private BufferHolder? _holder;
    private AreaMemory? _memory;
    private int _slot = NotKept;
    private long _version;

    public BufferLedger Ledger => ledger;

    /// <summary>Whether the buffer that is lent has been kept: then its reference must be given up with <see cref="End"/>.</summary>
    public bool IsKept
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _slot != NotKept;
    }

    /// <summary>Lends a buffer.</summary>
    public ReceivedBuffer Begin(ulong offset, AreaMemory memory, byte* address, int length, long streamOffset, BufferHolder holder)
    {
        SetMemory(memory);
        SetHolder(holder);
        return Lend(offset, address, length, streamOffset);
    }

    /// <summary>The area that the next buffers to be lent lie in.</summary>
    public void SetMemory(AreaMemory memory) => _memory = memory;

    /// <summary>Whose the next buffers to be lent are.</summary>
    public void SetHolder(BufferHolder holder) => _holder = holder;

    /// <summary>Lends the next buffer of the same area and holder; the loan of the one before ends, which must not have been kept.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReceivedBuffer Lend(ulong offset, byte* address, int length, long streamOffset)
    {
        long version = _version + 1;
        // First, and volatile, so that a copy of the struct on another thread sees the end of its loan.
        Volatile.Write(ref _version, version);
        _offset = offset;
        _address = address;
        _length = length;
        _streamOffset = streamOffset;
        return new ReceivedBuffer(this, version);
    }

    /// <summary>Lends a buffer that has been kept; its reference is given up when the loan ends.</summary>
    public ReceivedBuffer BeginKept(int slot, AreaMemory memory)
    {
        ref LeaseSlot kept = ref ledger[slot];
        _slot = slot;
        return Begin(kept.Offset, memory, kept.Address, kept.Length, kept.StreamOffset, kept.Holder);
    }

    /// <summary>Ends the loan.</summary>
    /// <returns>True when nobody has kept the buffer itself: it goes back now.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool End()
    {
        // Volatile, so that a copy of the struct on another thread sees the end of the loan.
        Volatile.Write(ref _version, _version + 1);
        if (_slot == NotKept)
        {
            return true;
        }

        int slot = _slot;
        _slot = NotKept;
        bool isCopy = ledger.IsCopy(slot);
        ledger.Release(slot);
        return isCopy;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> Span(long version)
    {
        Check(version);
        return new ReadOnlySpan<byte>(_address, _length);
    }

    public ReadOnlyMemory<byte> Memory(long version)
    {
        Check(version);
        return _memory!.Slice(_address, _length);
    }

    public int Length(long version)
    {
        Check(version);
        return _length;
    }

    public long StreamOffset(long version)
    {
        Check(version);
        return _streamOffset;
    }

    public BufferHolder Holder(long version)
    {
        Check(version);
        return _holder!;
    }

    public bool IsValid(long version) => Volatile.Read(ref _version) == version;

    /// <summary>Keeps the buffer where it is, for those who refer to its memory.</summary>
    /// <returns>A slot of which the caller owns one reference; −1 when only a copy can be kept now.</returns>
    public int TryKeepInPlace(long version)
    {
        Check(version);
        bool mayKeep = _slot == NotKept ? ledger.MayKeep : !ledger.IsCopy(_slot);
        return mayKeep ? Keep(version) : NotKept;
    }

    /// <summary>Keeps the buffer: the caller owns one reference to the slot that is returned.</summary>
    public int Keep(long version)
    {
        Check(version);
        if (_slot == NotKept)
        {
            // Two references: the caller's, and the borrow's until it ends.
            _slot = ledger.Keep(_offset, _address, _length, _streamOffset, _holder!, references: 2);
        }
        else
        {
            ledger.AddReference(_slot);
        }

        return _slot;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Check(long version)
    {
        if (Volatile.Read(ref _version) != version)
        {
            ThrowEnded();
        }
    }

    [DoesNotReturn]
    private static void ThrowEnded() => throw new ObjectDisposedException(
        nameof(ReceivedBuffer),
        "The buffer was lent for the duration of OnNext and has gone back to the pool. Call Retain() inside OnNext to keep it.");
}
