using System.Diagnostics.CodeAnalysis;
using Zcrx.Interop.Leases;

namespace Zcrx.Interop;

/// <summary>Represents received bytes that are lent to the observer for the duration of its <c>OnNext</c>.</summary>
/// <remarks>
/// <para>Ownership: borrowed. When <c>OnNext</c> returns, the buffer returns to the NIC, and every access throws
/// <see cref="ObjectDisposedException"/>. To keep the bytes, call <see cref="Retain"/> and release the lease later, or copy them.</para>
/// <para>Threading: use it on the thread of <c>OnNext</c>. On another thread, <see cref="Retain"/> and <see cref="Memory"/> always throw
/// <see cref="InvalidOperationException"/>. The other members throw, or return values of this buffer and never those of another. No misuse
/// therefore corrupts the pool.</para>
/// <para>A <see cref="Span"/> or <see cref="Memory"/> that was taken in time and is read after <c>OnNext</c> is not checked: it reads bytes
/// that were received since, possibly for other connections. Where <c>CheckBorrows</c> is on, each access to such memory is checked and
/// throws. A span cannot be checked.</para>
/// <para>The memory lies in the area that the NIC writes to. It is read-only.</para>
/// </remarks>
[SuppressMessage("Performance", "CA1815", Justification = "A loan is used, not compared.")]
public readonly struct ReceivedBuffer
{
    private readonly BorrowScope _scope;
    private readonly long _version;

    internal ReceivedBuffer(BorrowScope scope, long version)
    {
        _scope = scope;
        _version = version;
    }

    /// <summary>Gets the bytes.</summary>
    /// <exception cref="ObjectDisposedException">The loan has ended.</exception>
    public ReadOnlySpan<byte> Span => _scope.Span(_version);

    /// <summary>Gets the bytes as memory. It must not outlive <c>OnNext</c>; unless <c>CheckBorrows</c> is on, only the call itself is checked.</summary>
    /// <exception cref="ObjectDisposedException">The loan has ended.</exception>
    /// <exception cref="InvalidOperationException">The calling thread is not the one that <c>OnNext</c> runs on.</exception>
    public ReadOnlyMemory<byte> Memory => _scope.Memory(_version);

    /// <summary>Gets the number of bytes, at least 1.</summary>
    /// <exception cref="ObjectDisposedException">The loan has ended.</exception>
    public int Length => _scope.Length(_version);

    /// <summary>Gets the position of the first byte in the connection's stream, in bytes from its start.</summary>
    /// <exception cref="ObjectDisposedException">The loan has ended.</exception>
    public long StreamOffset => _scope.StreamOffset(_version);

    /// <summary>Gets a value indicating whether the loan lasts.</summary>
    public bool IsValid => _scope?.IsValid(_version) ?? false;

    /// <summary>Leases the buffer beyond <c>OnNext</c>.</summary>
    /// <returns>A lease that the caller must release, once. Until then the buffer is missing from the pool. When only the pool's reserve is
    /// left, the lease is on a copy of the bytes; a <see cref="Span"/> that was taken before is still valid only until <c>OnNext</c>
    /// returns.</returns>
    /// <exception cref="ObjectDisposedException">The loan has ended.</exception>
    /// <exception cref="InvalidOperationException">The calling thread is not the one that <c>OnNext</c> runs on.</exception>
    public BufferLease Retain() => new(_scope.Ledger, _scope.Lease(_version));

    /// <summary>Gets the source, for operators in which buffers wait and that must pause it. It stays valid after the loan.</summary>
    /// <exception cref="ObjectDisposedException">The loan has ended.</exception>
    public IBufferSource Source => _scope.Holder(_version);

    /// <summary>
    /// Leases the buffer without an object and without a copy, for operators of this library. Returns a slot of which the caller owns one
    /// reference, or −1 when the caller must copy.
    /// </summary>
    internal int TryLeaseSlot() => _scope.TryLeaseInPlace(_version);

    /// <summary>Gets the bytes as memory that is not checked against the loan, for operators of this library that lease the buffer or check on their own.</summary>
    internal ReadOnlyMemory<byte> UncheckedMemory => _scope.UncheckedMemory(_version);

    /// <summary>Gets the holder of the buffer, for operators of this library.</summary>
    internal BufferHolder Holder => _scope.Holder(_version);

    internal BufferLedger Ledger => _scope.Ledger;
}
