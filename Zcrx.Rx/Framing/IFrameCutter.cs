using System.Buffers;

namespace Zcrx.Rx.Framing;

/// <summary>
/// Finds the end of a frame. Implemented by structs, so that the operator is compiled for each of them with direct calls.
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

    /// <summary>Finds a frame that straddles buffers.</summary>
    FrameDecision Cut(in ReadOnlySequence<byte> held, long seen);

    /// <summary>Returns what the bytes behind the last frame are when the stream has ended. Anything but a frame of all of them is an error.</summary>
    FrameDecision CutEnd(in ReadOnlySequence<byte> rest);
}
