using System.Buffers;

namespace Zcrx.Rx;

/// <summary>Finds frames in a stream, for protocols that neither a length prefix nor a delimiter describes.</summary>
/// <remarks>
/// <para>
/// A parser without state may serve many streams, on several threads at once. Each call receives the number of bytes seen before.
/// </para>
/// <para>
/// A parser with state serves one stream: one call of <c>Frames</c> and one subscription. One thread at a time calls the parser. Its
/// state may change whenever the parser returns a frame: each such decision is final, and the next call begins after that frame.
/// </para>
/// <para>An exception that the parser throws ends the stream with a <see cref="ZcrxFramingException"/>.</para>
/// </remarks>
public interface IFrameParser
{
    /// <summary>
    /// Gets the maximum number of bytes around a frame, header and trailer together. This number and the longest accepted frame bound the
    /// buffered bytes.
    /// </summary>
    int MaxOverhead { get; }

    /// <summary>Examines the buffered bytes, from the first one after the previous frame.</summary>
    /// <param name="buffered">The bytes, at least one. They are valid until the method returns.</param>
    /// <param name="seen">The number of bytes that an earlier call has seen, 0 in the first call. They need not be searched again.</param>
    /// <returns>The position of the frame, or the decision that more bytes are needed or that the bytes are invalid.</returns>
    FrameDecision Parse(in ReadOnlySequence<byte> buffered, long seen);

    /// <summary>Examines the bytes after the last complete frame when the stream has ended without an error.</summary>
    /// <param name="rest">All of these bytes, at least one; valid until the method returns.</param>
    /// <returns>
    /// A frame that consists of exactly these bytes, including the bytes around it. It is delivered before <c>OnCompleted</c>. Any other
    /// decision ends the stream with a <see cref="ZcrxFramingException"/>, as the default implementation does.
    /// </returns>
    FrameDecision ParseEnd(in ReadOnlySequence<byte> rest) => FrameDecision.NeedMore();
}
