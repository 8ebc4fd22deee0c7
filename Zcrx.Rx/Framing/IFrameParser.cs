using System.Buffers;

namespace Zcrx.Rx;

/// <summary>Tells where frames begin and end in a stream, for protocols that neither a length prefix nor a delimiter describes.</summary>
/// <remarks>
/// One parser may serve many streams, on several threads at once: it keeps no state of its own, but is told what it has seen before.
/// An exception that it throws ends the stream with a <see cref="ZcrxFramingException"/>.
/// </remarks>
public interface IFrameParser
{
    /// <summary>The most bytes that surround a frame, header and trailer together. With the longest frame accepted, it bounds what is buffered.</summary>
    int MaxOverhead { get; }

    /// <summary>Looks at what is buffered, from the first byte behind the previous frame.</summary>
    /// <param name="buffered">The bytes, at least one; valid until the method returns.</param>
    /// <param name="seen">How many of them an earlier call was shown, which asked for more; so that nothing need be searched twice. 0 at first.</param>
    /// <returns>Where the frame lies, or that more is needed, or that this is no frame.</returns>
    FrameDecision Parse(in ReadOnlySequence<byte> buffered, long seen);
}
