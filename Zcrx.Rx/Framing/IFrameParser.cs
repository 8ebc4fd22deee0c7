using System.Buffers;

namespace Zcrx.Rx;

/// <summary>Finds the frames in a stream whose protocol has neither a length prefix nor a delimiter.</summary>
/// <remarks>
/// <para>A parser without state may serve several streams, on several threads at once. Each call receives the number of bytes that an
/// earlier call has seen.</para>
/// <para>A parser with state must serve one stream only, so pass it to one call of <c>Frames</c> and subscribe once. It is called by one
/// thread at a time. A frame that it returns is final, and the next call begins behind that frame, so its state may change with each
/// frame.</para>
/// <para>An exception of the parser ends the stream with a <see cref="ZcrxFramingException"/>.</para>
/// </remarks>
public interface IFrameParser
{
    /// <summary>
    /// Gets the largest number of bytes in the header and trailer of a frame together. The stream may buffer this many bytes in addition to
    /// the longest accepted frame.
    /// </summary>
    int MaxOverhead { get; }

    /// <summary>Examines the buffered bytes, which begin behind the previous frame.</summary>
    /// <param name="buffered">The buffered bytes, at least one. They are valid until the method returns.</param>
    /// <param name="seen">
    /// The number of bytes that an earlier call for this frame has seen; 0 in the first call. The parser need not search them again.
    /// </param>
    /// <returns>A frame, a request for more bytes, or an error.</returns>
    FrameDecision Parse(in ReadOnlySequence<byte> buffered, long seen);

    /// <summary>Examines the bytes behind the last frame when the stream has ended without an error.</summary>
    /// <param name="rest">All bytes behind the last frame, at least one. They are valid until the method returns.</param>
    /// <returns>
    /// A frame that, with its header and trailer, consists of exactly these bytes. It is delivered before <c>OnCompleted</c>. Any other
    /// decision ends the stream with a <see cref="ZcrxFramingException"/>. The default implementation always does that.
    /// </returns>
    FrameDecision ParseEnd(in ReadOnlySequence<byte> rest) => FrameDecision.NeedMore();
}
