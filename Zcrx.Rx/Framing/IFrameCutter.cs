using System.Buffers;

namespace Zcrx.Rx.Framing;

/// <summary>
/// Finds the end of a frame. The implementations are structs, so that the operator is compiled for each of them with direct calls.
/// </summary>
internal interface IFrameCutter
{
    /// <summary>Gets the maximum number of bytes around a frame.</summary>
    int Overhead { get; }

    /// <summary>Gets the length of the longest delimiter, or 0 when frames contain their length.</summary>
    int LongestDelimiter { get; }

    /// <summary>Finds the frame that begins in a buffer at <paramref name="position"/>.</summary>
    /// <remarks>The buffer is passed in two forms, because taking the span of a memory costs more than finding a short frame.</remarks>
    FrameDecision Cut(ReadOnlySpan<byte> span, ReadOnlyMemory<byte> memory, int position);

    /// <summary>Finds a frame that straddles buffers. The first <paramref name="seen"/> bytes were searched before.</summary>
    FrameDecision Cut(in ReadOnlySequence<byte> held, long seen);

    /// <summary>
    /// Decides on the bytes after the last frame when the stream has ended. Any decision except a frame of all these bytes is an error.
    /// </summary>
    FrameDecision CutEnd(in ReadOnlySequence<byte> rest);
}
