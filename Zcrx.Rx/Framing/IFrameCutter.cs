using System.Buffers;

namespace Zcrx.Rx.Framing;

/// <summary>Finds the end of a frame. Implemented by structs, so that the operator is compiled for each of them and calls them directly.</summary>
internal interface IFrameCutter
{
    /// <summary>The most bytes that surround a frame.</summary>
    int Overhead { get; }

    /// <summary>The length of the longest delimiter; 0 when a frame says itself how long it is.</summary>
    int LongestDelimiter { get; }

    /// <summary>The frame that begins in a buffer, at <paramref name="position"/>.</summary>
    /// <remarks>The buffer comes twice, since taking the span of a memory costs more than finding a short frame.</remarks>
    FrameDecision Cut(ReadOnlySpan<byte> span, ReadOnlyMemory<byte> memory, int position);

    /// <summary>The frame that straddles buffers.</summary>
    FrameDecision Cut(in ReadOnlySequence<byte> held, long seen);
}
