using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Zcrx.Interop.Leases;

namespace Zcrx.Interop;

/// <summary>A buffer that a consumer has kept beyond <c>OnNext</c>.</summary>
/// <remarks>
/// <para>Ownership: whoever holds the lease releases it, exactly once, with <see cref="Dispose"/>; later disposals do nothing, any other
/// use throws. <see cref="Move"/> hands it over, so that the previous holder can no longer touch it. While it is held, the buffer is
/// missing from the pool: leases held for long are what exhausts it.</para>
/// <para>Threading: any thread may release; one lease is used by one thread at a time. The memory stays mapped until the last lease on
/// it is released, even when the queue is gone.</para>
/// </remarks>
public sealed unsafe class BufferLease : IDisposable
{
    private const int Ended = -1;

    private readonly BufferLedger _ledger;
    private readonly byte* _address;
    private LeaseMemory? _memory;
    private int _slot;

    internal BufferLease(BufferLedger ledger, int slot)
    {
        _ledger = ledger;
        _slot = slot;
        ref LeaseSlot kept = ref ledger[slot];
        _address = kept.Address;
        Length = kept.Length;
        StreamOffset = kept.StreamOffset;
    }

    /// <summary>Number of bytes.</summary>
    public int Length { get; }

    /// <summary>Position of the first byte in the connection's stream.</summary>
    public long StreamOffset { get; }

    /// <summary>Whether the lease has been released or moved.</summary>
    public bool IsReleased => Volatile.Read(ref _slot) == Ended;

    /// <summary>The bytes.</summary>
    /// <exception cref="ObjectDisposedException">The lease has been released or moved.</exception>
    public ReadOnlySpan<byte> Span
    {
        get
        {
            Check();
            return new ReadOnlySpan<byte>(_address, Length);
        }
    }

    /// <summary>The bytes as memory; each access to its span is checked against the lease.</summary>
    /// <exception cref="ObjectDisposedException">The lease has been released or moved.</exception>
    public ReadOnlyMemory<byte> Memory
    {
        get
        {
            Check();
            return (_memory ??= new LeaseMemory(this)).Memory;
        }
    }

    /// <summary>A second, independent lease on the same buffer.</summary>
    /// <returns>A lease that must be released as well.</returns>
    /// <exception cref="ObjectDisposedException">The lease has been released or moved.</exception>
    public BufferLease Retain()
    {
        int slot = Check();
        _ledger.AddReference(slot);
        return new BufferLease(_ledger, slot);
    }

    /// <summary>Hands the buffer over: this lease ends, the returned one goes on.</summary>
    /// <returns>The lease that must be released instead of this one.</returns>
    /// <exception cref="ObjectDisposedException">The lease has been released or moved.</exception>
    public BufferLease Move()
    {
        int slot = Interlocked.Exchange(ref _slot, Ended);
        if (slot == Ended)
        {
            ThrowEnded();
        }

        return new BufferLease(_ledger, slot);
    }

    /// <summary>Gives the buffer back. Only the first call does anything.</summary>
    public void Dispose()
    {
        // Exchange, so that two threads that dispose at the same time release once.
        int slot = Interlocked.Exchange(ref _slot, Ended);
        if (slot != Ended)
        {
            _ledger.Release(slot);
        }
    }

    [DoesNotReturn]
    private static void ThrowEnded() => throw new ObjectDisposedException(nameof(BufferLease), "The lease has been released or moved; its buffer belongs to somebody else now.");

    private int Check()
    {
        int slot = Volatile.Read(ref _slot);
        if (slot == Ended)
        {
            ThrowEnded();
        }

        return slot;
    }

    private sealed class LeaseMemory(BufferLease lease) : MemoryManager<byte>
    {
        public override Span<byte> GetSpan()
        {
            lease.Check();
            return new Span<byte>(lease._address, lease.Length);
        }

        public override MemoryHandle Pin(int elementIndex = 0)
        {
            lease.Check();
            return new MemoryHandle(lease._address + elementIndex);
        }

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
