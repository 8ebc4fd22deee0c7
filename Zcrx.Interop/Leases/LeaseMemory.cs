using System.Buffers;

namespace Zcrx.Interop.Leases;

/// <summary>Represents a lease's bytes as <see cref="Memory{T}"/>. Each access checks that the lease or a pin lasts.</summary>
/// <remarks>
/// The memory is accessible until the lease is released. A pin has its own reference to the buffer, and keeps the memory accessible until
/// the pin ends.
/// </remarks>
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

        // A pin is counted after its reference was added, and EndPin reverses this order. While a pin is counted, the buffer therefore has
        // a reference.
        Interlocked.Increment(ref _pins);
        return new MemoryHandle(address + elementIndex, pinnable: new LeasePin(this));
    }

    /// <summary>Does nothing, because disposing the <see cref="MemoryHandle"/> of a pin ends that pin.</summary>
    public override void Unpin()
    {
    }

    /// <summary>Ends a pin. Called once for each pin.</summary>
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
