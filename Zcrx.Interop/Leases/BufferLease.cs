using System.Diagnostics.CodeAnalysis;
using Zcrx.Interop.Leases;

namespace Zcrx.Interop;

/// <summary>Represents a received buffer that a consumer keeps beyond <c>OnNext</c>.</summary>
/// <remarks>
/// <para>
/// Ownership: the owner of a lease releases it with <see cref="Dispose"/>. Only the first disposal counts. Any use of a released lease
/// throws <see cref="ObjectDisposedException"/>. <see cref="Move"/> transfers ownership to a new lease and ends this one. While a lease is
/// held, its buffer is missing from the pool. Leases that are held for long exhaust the pool.
/// </para>
/// <para>Threading: all members are safe on any number of threads at once. Each call either has its full effect or throws. The buffer
/// returns to the pool exactly once, with its last lease or pin. A stale lease never affects the next user of the same buffer.</para>
/// <para>Lifetime of the bytes: they stay unchanged while the buffer has a lease or a pin. A pin of <see cref="Memory"/> owns a reference
/// of its own, so it stays valid when the lease is released first. A <see cref="Span"/> holds no reference, and its later use cannot be
/// checked. A span that is read after the release of the lease, on any thread, may contain bytes that arrived later. Once the queue
/// is closed, reading it may crash the process.</para>
/// <para>The memory stays mapped until the last lease and the last pin have ended, even when the queue is closed.</para>
/// </remarks>
public sealed unsafe class BufferLease : IDisposable
{
    private readonly BufferLedger _ledger;
    private readonly byte* _address;
    private LeaseMemory? _memory;
    // A LeaseHandle; None when the lease has ended. Only an atomic exchange changes it, so that one of several threads ends the lease.
    private ulong _handle;

    internal BufferLease(BufferLedger ledger, int slot)
    {
        ref LeaseSlot kept = ref ledger[slot];
        _ledger = ledger;
        _handle = new LeaseHandle(slot, kept.Generation).Word;
        _address = kept.Address;
        Length = kept.Length;
        StreamOffset = kept.StreamOffset;
    }

    private BufferLease(BufferLease other, LeaseHandle handle)
    {
        _ledger = other._ledger;
        _handle = handle.Word;
        _address = other._address;
        Length = other.Length;
        StreamOffset = other.StreamOffset;
    }

    /// <summary>Gets the number of bytes.</summary>
    public int Length { get; }

    /// <summary>Gets the position of the first byte in the connection's stream.</summary>
    public long StreamOffset { get; }

    /// <summary>Gets a value indicating whether the lease has been released or moved.</summary>
    public bool IsReleased => Volatile.Read(ref _handle) == LeaseHandle.None.Word;

    /// <summary>Gets the bytes. The span is valid until the lease is released.</summary>
    /// <exception cref="ObjectDisposedException">The lease has been released or moved.</exception>
    public ReadOnlySpan<byte> Span
    {
        get
        {
            Check();
            return new ReadOnlySpan<byte>(_address, Length);
        }
    }

    /// <summary>Gets the address of the bytes. The caller must hold the lease until its last use of the address.</summary>
    /// <exception cref="ObjectDisposedException">The lease has been released or moved.</exception>
    internal nint Address
    {
        get
        {
            Check();
            return (nint)_address;
        }
    }

    /// <summary>Gets the bytes as memory. Each access to its span is checked against the lease.</summary>
    /// <remarks>
    /// A pin keeps the buffer leased and this memory accessible until the pin ends. An operation that pins its memory may therefore outlast
    /// the lease. <c>Socket.SendAsync</c> on Linux does not pin. It reads the memory again when the socket becomes writable, and an
    /// exception there ends the process. Hold the lease or a pin until such an operation has completed: <c>using (lease.Memory.Pin()) await
    /// socket.SendAsync(lease.Memory)</c>. <c>ZcrxConnection.SendAsync</c> pins the memory while it waits.
    /// </remarks>
    /// <exception cref="ObjectDisposedException">The lease has been released or moved.</exception>
    public ReadOnlyMemory<byte> Memory
    {
        get
        {
            LeaseHandle handle = Check();
            LeaseMemory memory = Volatile.Read(ref _memory) ?? CreateMemory(handle);
            return memory.Memory;
        }
    }

    /// <summary>Creates a second, independent lease on the same buffer.</summary>
    /// <returns>A second lease, which must also be released.</returns>
    /// <exception cref="ObjectDisposedException">The lease has been released or moved.</exception>
    public BufferLease Retain()
    {
        LeaseHandle handle = Check();
        if (!_ledger.TryAddReference(handle))
        {
            // Another thread has released the lease since it was checked.
            ThrowEnded();
        }

        return new BufferLease(this, handle);
    }

    /// <summary>Ends this lease and returns a new one on the same buffer, for example to pass ownership to other code.</summary>
    /// <returns>The lease that must be released instead of this one.</returns>
    /// <exception cref="ObjectDisposedException">The lease has been released or moved.</exception>
    public BufferLease Move()
    {
        LeaseHandle handle = End();
        if (handle == LeaseHandle.None)
        {
            ThrowEnded();
        }

        return new BufferLease(this, handle);
    }

    /// <summary>Releases the lease. Only the first call has an effect.</summary>
    public void Dispose()
    {
        LeaseHandle handle = End();
        if (handle != LeaseHandle.None)
        {
            _ledger.Release(handle.Slot);
        }
    }

    [DoesNotReturn]
    internal static void ThrowEnded() => throw new ObjectDisposedException(
        nameof(BufferLease),
        "The lease has been released or moved, and its buffer may belong to another connection. Hold the lease, or a pin of its memory, until the last use of the bytes.");

    private LeaseMemory CreateMemory(LeaseHandle handle)
    {
        LeaseMemory memory = new(this, _ledger, handle, _address);
        // The object counts the pins, so all threads must use the same one. The exchange publishes its fields.
        return Interlocked.CompareExchange(ref _memory, memory, null) ?? memory;
    }

    private LeaseHandle End() => new(Interlocked.Exchange(ref _handle, LeaseHandle.None.Word));

    private LeaseHandle Check()
    {
        // An acquire load: the check happens before the bytes are read.
        LeaseHandle handle = new(Volatile.Read(ref _handle));
        if (handle == LeaseHandle.None)
        {
            ThrowEnded();
        }

        return handle;
    }
}
