using System.Diagnostics.CodeAnalysis;
using Zcrx.Interop.Leases;

namespace Zcrx.Interop;

/// <summary>Represents received bytes that the observer borrows for the duration of its <c>OnNext</c>.</summary>
/// <remarks>
/// <para>Ownership: borrowed. When <c>OnNext</c> returns, the buffer returns to the NIC, and every access throws
/// <see cref="ObjectDisposedException"/>. To keep the bytes, call <see cref="Retain"/> and release the lease later, or copy them.</para>
/// <para>Threading: use it on the thread of <c>OnNext</c>. On another thread, <see cref="Retain"/> and <see cref="Memory"/> always throw
/// <see cref="InvalidOperationException"/>. The other members throw or return values of this buffer, never values of another. Misuse
/// therefore cannot corrupt the pool.</para>
/// <para>Do not access a <see cref="Span"/> or <see cref="Memory"/> after <c>OnNext</c> has returned. Such an access may show bytes that
/// were received later, possibly for other connections. If <c>CheckBorrows</c> is on, such an access to a <see cref="Memory"/> throws.
/// Accesses to a span are never checked.</para>
/// <para>The memory is read-only. It lies in the area that the NIC writes to.</para>
/// </remarks>
[SuppressMessage("Performance", "CA1815", Justification = "Buffers are used, not compared.")]
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
    /// <exception cref="ObjectDisposedException"><c>OnNext</c> has returned.</exception>
    public ReadOnlySpan<byte> Span => _scope.Span(_version);

    /// <summary>
    /// Gets the bytes as memory, which is valid until <c>OnNext</c> returns. Later accesses throw only if <c>CheckBorrows</c> is on.
    /// </summary>
    /// <exception cref="ObjectDisposedException"><c>OnNext</c> has returned.</exception>
    /// <exception cref="InvalidOperationException">The calling thread is not the one that <c>OnNext</c> runs on.</exception>
    public ReadOnlyMemory<byte> Memory => _scope.Memory(_version);

    /// <summary>Gets the number of bytes, at least 1.</summary>
    /// <exception cref="ObjectDisposedException"><c>OnNext</c> has returned.</exception>
    public int Length => _scope.Length(_version);

    /// <summary>Gets the position of the first byte in the connection's stream, in bytes from its start.</summary>
    /// <exception cref="ObjectDisposedException"><c>OnNext</c> has returned.</exception>
    public long StreamOffset => _scope.StreamOffset(_version);

    /// <summary>Gets a value indicating whether the buffer may still be used. It is false once <c>OnNext</c> has returned.</summary>
    public bool IsValid => _scope?.IsValid(_version) ?? false;

    /// <summary>Leases the buffer beyond <c>OnNext</c>.</summary>
    /// <returns>A lease that the caller must release. Until then the buffer is missing from the pool. When only the pool's reserve is
    /// left, the lease is on a copy of the bytes. A <see cref="Span"/> that was taken before does not refer to the copy, and is valid only
    /// until <c>OnNext</c> returns.</returns>
    /// <exception cref="ObjectDisposedException"><c>OnNext</c> has returned.</exception>
    /// <exception cref="InvalidOperationException">The calling thread is not the one that <c>OnNext</c> runs on.</exception>
    public BufferLease Retain() => new(_scope.Ledger, _scope.Lease(_version));

    /// <summary>
    /// Gets the source of the buffer, which operators that queue buffers can pause. The source stays valid after <c>OnNext</c>.
    /// </summary>
    /// <exception cref="ObjectDisposedException"><c>OnNext</c> has returned.</exception>
    public IBufferSource Source => _scope.Holder(_version);

    /// <summary>
    /// Leases the buffer without an allocation or a copy, for operators of this library. Returns a slot of which the caller owns one
    /// reference; −1 when only a copy can be leased.
    /// </summary>
    internal int TryLeaseSlot() => _scope.TryLeaseInPlace(_version);

    /// <summary>
    /// Gets the bytes as memory without checks. For operators of this library that lease the buffer or check the borrow themselves.
    /// </summary>
    internal ReadOnlyMemory<byte> UncheckedMemory => _scope.UncheckedMemory(_version);

    /// <summary>Gets the holder of the buffer, for operators of this library.</summary>
    internal BufferHolder Holder => _scope.Holder(_version);

    internal BufferLedger Ledger => _scope.Ledger;
}
