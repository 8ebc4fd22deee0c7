using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Zcrx.Interop;
using Zcrx.Interop.Leases;
using Zcrx.Rx.Framing;

namespace Zcrx.Rx;

/// <summary>Represents one frame that is lent to the observer for the duration of its <c>OnNext</c>.</summary>
/// <remarks>
/// <para>Ownership: borrowed, like its buffers. After <c>OnNext</c> returns, every access throws <see cref="ObjectDisposedException"/>. To
/// use the frame later, call <see cref="Retain"/> and release the lease afterwards, or copy it with <see cref="ToArray"/>.</para>
/// <para>
/// Threading: use the frame on the thread of <c>OnNext</c>. On another thread, every member except <see cref="IsValid"/> throws. Operators
/// that keep or reschedule items, such as <c>Delay</c> and <c>Buffer</c>, therefore never show the bytes of another frame.
/// </para>
/// <para>Do not access a <see cref="Sequence"/> after <c>OnNext</c> has returned. Such an access may show bytes that were received later,
/// possibly for other connections. If <c>CheckBorrows</c> is on, such an access throws.</para>
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

    /// <summary>Gets the bytes, over the original buffers. They must not be used after <c>OnNext</c> has returned.</summary>
    /// <exception cref="ObjectDisposedException">The borrow has ended.</exception>
    /// <exception cref="InvalidOperationException">The calling thread is not the one that <c>OnNext</c> runs on.</exception>
    public ReadOnlySequence<byte> Sequence => Scope.Sequence(_version);

    /// <summary>Gets the number of bytes; 0 for an empty frame.</summary>
    /// <exception cref="ObjectDisposedException">The borrow has ended.</exception>
    /// <exception cref="InvalidOperationException">The calling thread is not the one that <c>OnNext</c> runs on.</exception>
    public long Length => Scope.Length(_version);

    /// <summary>Gets the stream offset of the first byte of the frame, after its prefix.</summary>
    /// <exception cref="ObjectDisposedException">The borrow has ended.</exception>
    /// <exception cref="InvalidOperationException">The calling thread is not the one that <c>OnNext</c> runs on.</exception>
    public long StreamOffset => Scope.StreamOffset(_version);

    /// <summary>
    /// Gets the number that the parser gave the frame (<see cref="FrameDecision.Tag"/>); 0 unless an <see cref="IFrameParser"/> sets it.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The borrow has ended.</exception>
    /// <exception cref="InvalidOperationException">The calling thread is not the one that <c>OnNext</c> runs on.</exception>
    public int Tag => Scope.Tag(_version);

    /// <summary>Gets a value indicating whether the frame may still be used: its <c>OnNext</c> has not returned.</summary>
    public bool IsValid => _scope?.IsValid(_version) ?? false;

    /// <summary>Gets the source, for operators that let frames wait. The source stays valid after the borrow.</summary>
    /// <exception cref="ObjectDisposedException">The borrow has ended.</exception>
    /// <exception cref="InvalidOperationException">The calling thread is not the one that <c>OnNext</c> runs on.</exception>
    public IBufferSource Source => Scope.Holder(_version);

    internal FrameScope Scope => _scope ?? throw new InvalidOperationException("This is the default value and no frame. Frames come from the Frames operator.");

    /// <summary>Leases the frame beyond <c>OnNext</c>: one lease over all its buffers.</summary>
    /// <returns>A lease that the caller must release, once. Until then its buffers are missing from the pool. The lease is on a copy if the
    /// frame lies in more than <see cref="FramingOptions.MaxLeasedBuffers"/> buffers, or if the pool is under pressure.</returns>
    /// <exception cref="ObjectDisposedException">The borrow has ended.</exception>
    /// <exception cref="InvalidOperationException">The calling thread is not the one that <c>OnNext</c> runs on.</exception>
    public FrameLease Retain() => Scope.Retain(_version);

    /// <summary>Copies the bytes.</summary>
    /// <returns>A new array.</returns>
    /// <exception cref="ObjectDisposedException">The borrow has ended.</exception>
    /// <exception cref="InvalidOperationException">The calling thread is not the one that <c>OnNext</c> runs on.</exception>
    public byte[] ToArray() => Scope.Raw(_version).ToArray();

    /// <summary>Gets the holder that counts the leases, for operators of this library.</summary>
    internal BufferHolder Holder => Scope.Holder(_version);
}
