using System.Buffers;

namespace Zcrx.Rx;

/// <summary>Finds frames in a stream, for protocols that neither a length prefix nor a delimiter describes.</summary>
/// <remarks>
/// One parser may serve many streams on several threads at once. It keeps no state: it receives the number of bytes it has seen before.
/// An exception that it throws ends the stream with a <see cref="ZcrxFramingException"/>.
/// </remarks>
public interface IFrameParser
{
    /// <summary>
    /// Gets the maximum number of bytes around a frame, header and trailer together. With the longest accepted frame, it bounds the
    /// buffered bytes.
    /// </summary>
    int MaxOverhead { get; }

    /// <summary>Examines the buffered bytes, from the first one behind the previous frame.</summary>
    /// <param name="buffered">The bytes, at least one. They are valid until the method returns.</param>
    /// <param name="seen">The number of bytes that an earlier call has seen, 0 in the first call. They need not be searched again.</param>
    /// <returns>The position of the frame, or the decision that more bytes are needed or that the bytes are invalid.</returns>
    FrameDecision Parse(in ReadOnlySequence<byte> buffered, long seen);
}
