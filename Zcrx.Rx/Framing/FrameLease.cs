using System.Buffers;
using Zcrx.Rx.Framing;

namespace Zcrx.Rx;

/// <summary>Represents a frame that a consumer uses beyond <c>OnNext</c>: one lease over all its buffers.</summary>
/// <remarks>
/// <para>
/// Ownership: the owner of a lease releases it with <see cref="Dispose"/>. Only the first disposal counts. Any use of a
/// released lease throws <see cref="ObjectDisposedException"/>. While a lease is held, its buffers are missing from the pool,
/// unless the lease is on a copy.
/// </para>
/// <para>Threading: all members are thread-safe. The bytes stay unchanged until the lease is released. A pin of their memory keeps them
/// unchanged after the release, as with <see cref="Interop.BufferLease"/>.</para>
/// </remarks>
public sealed class FrameLease : IDisposable
{
    // Changed only by atomic exchange, so that exactly one of several threads ends the lease.
    private FrameContent? _content;

    internal FrameLease(FrameContent content, long streamOffset, int tag)
    {
        _content = content;
        Length = content.Sequence.Length;
        StreamOffset = streamOffset;
        Tag = tag;
    }

    /// <summary>Gets the number of bytes. 0 for an empty frame.</summary>
    public long Length { get; }

    /// <summary>Gets the stream offset of the first byte of the frame, after its prefix.</summary>
    public long StreamOffset { get; }

    /// <summary>Gets the number that the parser gave the frame; see <see cref="ReceivedFrame.Tag"/>.</summary>
    public int Tag { get; }

    /// <summary>Gets a value indicating whether the lease has been released or moved.</summary>
    public bool IsReleased => Volatile.Read(ref _content) is null;

    /// <summary>Gets a value indicating whether the lease is on a copy and holds no buffer of the pool.</summary>
    /// <exception cref="ObjectDisposedException">The lease has been released or moved.</exception>
    public bool IsCopy => !Content.HasBuffers;

    /// <summary>Gets the bytes. Each access to their memory checks that the lease is not released.</summary>
    /// <exception cref="ObjectDisposedException">The lease has been released or moved.</exception>
    public ReadOnlySequence<byte> Sequence => Content.Sequence;

    private FrameContent Content => Volatile.Read(ref _content) ?? throw Ended();

    /// <summary>Transfers ownership of the frame: this lease ends, and the returned lease replaces it.</summary>
    /// <returns>The lease that must be released instead of this one.</returns>
    /// <exception cref="ObjectDisposedException">The lease has been released or moved.</exception>
    public FrameLease Move() => new(Interlocked.Exchange(ref _content, null) ?? throw Ended(), StreamOffset, Tag);

    /// <summary>Copies the bytes.</summary>
    /// <returns>A new array.</returns>
    /// <exception cref="ObjectDisposedException">The lease has been released or moved.</exception>
    public byte[] ToArray() => Content.Sequence.ToArray();

    /// <summary>Releases the lease. Only the first call has an effect.</summary>
    public void Dispose() => Interlocked.Exchange(ref _content, null)?.Release();

    private static ObjectDisposedException Ended() => new(
        nameof(FrameLease), "The lease has been released or moved, and its buffers may belong to another connection. Hold the lease until the last use of the bytes.");
}
