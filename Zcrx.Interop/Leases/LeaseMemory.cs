using System.Buffers;

namespace Zcrx.Interop.Leases;

/// <summary>A lease's bytes as <see cref="Memory{T}"/>; each access is checked.</summary>
/// <remarks>Accessible while the lease is held, and beyond that while a pin lasts, which owns a reference to the buffer.</remarks>
internal sealed unsafe class LeaseMemory(BufferLease lease, BufferLedger ledger, LeaseHandle handle, byte* address) : MemoryManager<byte>
{
    private int _pins;

    public override Span<byte> GetSpan()
    {
        Check();
        return new Span<byte>(address, lease.Length);
    }

    public override MemoryHandle Pin(int elementIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(elementIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(elementIndex, lease.Length);
        Check();
        if (!ledger.TryAddReference(handle))
        {
            BufferLease.ThrowEnded();
        }

        // After the reference exists and, in EndPin, before it is removed: a thread that sees a pin may rely on the buffer.
        Interlocked.Increment(ref _pins);
        return new MemoryHandle(address + elementIndex, pinnable: new LeasePin(this));
    }

    /// <summary>Does nothing: each pin is ended by its <see cref="MemoryHandle"/>.</summary>
    public override void Unpin()
    {
    }

    /// <summary>Ends a pin. Called once for each.</summary>
    public void EndPin()
    {
        Interlocked.Decrement(ref _pins);
        ledger.Release(handle.Slot);
    }

    protected override void Dispose(bool disposing)
    {
    }

    private void Check()
    {
        if (lease.IsReleased && Volatile.Read(ref _pins) == 0)
        {
            BufferLease.ThrowEnded();
        }
    }
}
