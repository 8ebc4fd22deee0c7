using System.Buffers;
using Zcrx.Rx.Framing;

namespace Zcrx.Rx;

/// <summary>Represents a frame that a consumer may use beyond <c>OnNext</c>. One lease covers all buffers of the frame.</summary>
/// <remarks>
/// <para>Ownership: the owner of the lease releases it with <see cref="Dispose"/>. Further disposals have no effect. Any use of a released
/// lease throws <see cref="ObjectDisposedException"/>. The pool cannot use the buffers until the lease is released, unless the lease is on
/// a copy.</para>
/// <para>Threading: all members are thread-safe. The bytes do not change until the lease is released. If their memory is pinned, they do
/// not change until the pin ends, as with <see cref="Interop.BufferLease"/>.</para>
/// </remarks>
public sealed class FrameLease : IDisposable
{
    // Set to null by an atomic exchange, so that exactly one thread releases or moves the lease.
    private FrameContent? _content;

    internal FrameLease(FrameContent content, long streamOffset, int tag)
    {
        _content = content;
        Length = content.Sequence.Length;
        StreamOffset = streamOffset;
        Tag = tag;
    }

    /// <summary>Gets the number of bytes in the frame.</summary>
    public long Length { get; }

    /// <summary>
    /// Gets the stream offset of the frame's first byte. A length prefix or header before it does not belong to the frame.
    /// </summary>
    public long StreamOffset { get; }

    /// <summary>Gets the number that the parser gave the frame, as <see cref="ReceivedFrame.Tag"/> does.</summary>
    public int Tag { get; }

    /// <summary>Gets a value indicating whether the lease has been released or moved.</summary>
    public bool IsReleased => Volatile.Read(ref _content) is null;

    /// <summary>Gets a value indicating whether the lease is only on copies and holds no buffer of the pool.</summary>
    /// <exception cref="ObjectDisposedException">The lease has been released or moved.</exception>
    public bool IsCopy => !Content.HasBuffers;

    /// <summary>Gets the bytes of the frame. Every access to the memory checks that the lease is not released.</summary>
    /// <exception cref="ObjectDisposedException">The lease has been released or moved.</exception>
    public ReadOnlySequence<byte> Sequence => Content.Sequence;

    private FrameContent Content => Volatile.Read(ref _content) ?? throw Ended();

    /// <summary>Transfers the ownership of the frame to a new lease. This lease ends.</summary>
    /// <returns>The new lease. It must be released instead of this one.</returns>
    /// <exception cref="ObjectDisposedException">The lease has been released or moved.</exception>
    public FrameLease Move() => new(Interlocked.Exchange(ref _content, null) ?? throw Ended(), StreamOffset, Tag);

    /// <summary>Copies the bytes into an array.</summary>
    /// <returns>A new array.</returns>
    /// <exception cref="ObjectDisposedException">The lease has been released or moved.</exception>
    public byte[] ToArray() => Content.Sequence.ToArray();

    /// <summary>Releases the lease. Further calls have no effect.</summary>
    public void Dispose() => Interlocked.Exchange(ref _content, null)?.Release();

    private static ObjectDisposedException Ended() => new(
        nameof(FrameLease), "The lease has been released or moved, and its buffers may belong to another connection. Hold the lease until the last use of the bytes.");
}
