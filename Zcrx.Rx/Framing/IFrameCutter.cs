using System.Buffers;

namespace Zcrx.Rx.Framing;

/// <summary>
/// Finds the end of a frame. Implementations are structs, so that the JIT compiles the operator separately for each of them, with direct
/// calls.
/// </summary>
internal interface IFrameCutter
{
    /// <summary>Gets the largest number of bytes that are dropped before and behind a frame.</summary>
    int Overhead { get; }

    /// <summary>Gets the length of the longest delimiter; 0 if frames are not delimited.</summary>
    int LongestDelimiter { get; }

    /// <summary>Finds the frame that begins at <paramref name="position"/> in a buffer.</summary>
    /// <remarks>
    /// The buffer is passed as a span and as a memory, because creating a span from a memory costs more than finding a short frame.
    /// </remarks>
    FrameDecision Cut(ReadOnlySpan<byte> span, ReadOnlyMemory<byte> memory, int position);

    /// <summary>
    /// Finds the frame that begins with the first held byte and spans buffers. An earlier call has seen the first <paramref name="seen"/>
    /// bytes.
    /// </summary>
    FrameDecision Cut(in ReadOnlySequence<byte> held, long seen);

    /// <summary>
    /// Decides on the bytes behind the last frame when the stream has ended. Only a frame of exactly these bytes is accepted. Any other
    /// decision is an error.
    /// </summary>
    FrameDecision CutEnd(in ReadOnlySequence<byte> rest);
}
