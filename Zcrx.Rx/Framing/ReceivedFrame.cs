using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Zcrx.Interop;
using Zcrx.Interop.Leases;
using Zcrx.Rx.Framing;

namespace Zcrx.Rx;

/// <summary>Represents a frame that is lent to an observer for the duration of its <c>OnNext</c>.</summary>
/// <remarks>
/// <para>Ownership: the frame is borrowed, like its buffers. After <c>OnNext</c> has returned, every access throws
/// <see cref="ObjectDisposedException"/>. To use the frame later, call <see cref="Retain"/> and release the lease afterwards, or copy the
/// bytes with <see cref="ToArray"/>.</para>
/// <para>Threading: use the frame on the thread of <c>OnNext</c>. On another thread, every member except <see cref="IsValid"/> throws. An
/// operator that keeps or reschedules items, such as <c>Delay</c> or <c>Buffer</c>, therefore fails instead of showing the bytes of another
/// frame.</para>
/// <para>Do not keep a <see cref="Sequence"/> after <c>OnNext</c> has returned. Its memory may then contain bytes that were received later,
/// possibly for other connections. If <c>CheckBorrows</c> is on, an access to it throws.</para>
/// </remarks>
[SuppressMessage("Performance", "CA1815", Justification = "A borrowed frame is used, not compared.")]
public readonly struct ReceivedFrame
{
    private readonly FrameScope _scope;
    private readonly long _version;

    internal ReceivedFrame(FrameScope scope, long version)
    {
        _scope = scope;
        _version = version;
    }

    /// <summary>Gets the bytes, which lie in the original buffers. Do not use them after <c>OnNext</c> has returned.</summary>
    /// <exception cref="ObjectDisposedException">The borrow has ended.</exception>
    /// <exception cref="InvalidOperationException">The calling thread is not the one that <c>OnNext</c> runs on.</exception>
    public ReadOnlySequence<byte> Sequence => Scope.Sequence(_version);

    /// <summary>Gets the number of bytes in the frame.</summary>
    /// <exception cref="ObjectDisposedException">The borrow has ended.</exception>
    /// <exception cref="InvalidOperationException">The calling thread is not the one that <c>OnNext</c> runs on.</exception>
    public long Length => Scope.Length(_version);

    /// <summary>
    /// Gets the stream offset of the frame's first byte. A length prefix or header before it does not belong to the frame.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The borrow has ended.</exception>
    /// <exception cref="InvalidOperationException">The calling thread is not the one that <c>OnNext</c> runs on.</exception>
    public long StreamOffset => Scope.StreamOffset(_version);

    /// <summary>
    /// Gets the number that an <see cref="IFrameParser"/> gave the frame with <see cref="FrameDecision.Tag"/>; 0 if none was given.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The borrow has ended.</exception>
    /// <exception cref="InvalidOperationException">The calling thread is not the one that <c>OnNext</c> runs on.</exception>
    public int Tag => Scope.Tag(_version);

    /// <summary>Gets a value indicating whether the frame may still be used, because its <c>OnNext</c> has not returned.</summary>
    public bool IsValid => _scope?.IsValid(_version) ?? false;

    /// <summary>
    /// Gets the source of the frame. An operator can pause it while frames wait. The source stays valid after <c>OnNext</c>.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The borrow has ended.</exception>
    /// <exception cref="InvalidOperationException">The calling thread is not the one that <c>OnNext</c> runs on.</exception>
    public IBufferSource Source => Scope.Holder(_version);

    internal FrameScope Scope => _scope ?? throw new InvalidOperationException("This is the default value and no frame. Frames come from the Frames operator.");

    /// <summary>Leases the frame, so that it can be used beyond <c>OnNext</c>. One lease covers all its buffers.</summary>
    /// <returns>
    /// A lease that the caller must release. Until then the pool cannot use the buffers. If the frame lies in more than
    /// <see cref="FramingOptions.MaxLeasedBuffers"/> buffers, or the pool is under pressure, the lease is on a copy.
    /// </returns>
    /// <exception cref="ObjectDisposedException">The borrow has ended.</exception>
    /// <exception cref="InvalidOperationException">The calling thread is not the one that <c>OnNext</c> runs on.</exception>
    public FrameLease Retain() => Scope.Retain(_version);

    /// <summary>Copies the bytes into an array.</summary>
    /// <returns>A new array.</returns>
    /// <exception cref="ObjectDisposedException">The borrow has ended.</exception>
    /// <exception cref="InvalidOperationException">The calling thread is not the one that <c>OnNext</c> runs on.</exception>
    public byte[] ToArray() => Scope.Raw(_version).ToArray();

    /// <summary>Gets the object that counts the leases, for operators of this library.</summary>
    internal BufferHolder Holder => Scope.Holder(_version);
}
