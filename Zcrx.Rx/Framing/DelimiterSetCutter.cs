using System.Buffers;

namespace Zcrx.Rx.Framing;

/// <summary>Finds frames that end with one of several delimiters.</summary>
internal readonly struct DelimiterSetCutter(DelimiterSet delimiters, bool include) : IFrameCutter
{
    public int Overhead => include ? 0 : LongestDelimiter;

    public int LongestDelimiter => delimiters.Longest.Length;

    public FrameDecision Cut(ReadOnlySpan<byte> span, ReadOnlyMemory<byte> memory, int position)
    {
        ReadOnlySpan<byte> bytes = span[position..];
        for (int searched = 0; NextCandidate(bytes, searched) is var end and > 0; searched = end)
        {
            int length = delimiters.LengthAtEnd(bytes[..end]);
            if (length > 0)
            {
                return Decide(end, length);
            }
        }

        return FrameDecision.NeedMore();
    }

    public FrameDecision CutEnd(in ReadOnlySequence<byte> rest) => FrameDecision.NeedMore();

    public FrameDecision Cut(in ReadOnlySequence<byte> held, long seen)
    {
        // The bytes that were searched before contain no whole delimiter, but a delimiter may begin in their last bytes.
        int side = LongestDelimiter - 1;
        long position = Math.Max(0, seen - side);
        Seam seam = new(stackalloc byte[Seam.MaxLength], side);
        foreach (ReadOnlyMemory<byte> memory in held.Slice(position))
        {
            ReadOnlySpan<byte> span = memory.Span;
            ReadOnlySpan<byte> joined = seam.Join(span);
            for (int searched = 0; NextCandidate(span, searched) is var end and > 0; searched = end)
            {
                // A delimiter may begin in the previous piece only if it ends within the first LongestDelimiter - 1 bytes of this
                // piece. A delimiter that ends later lies in this piece alone.
                int length = delimiters.LengthAtEnd(end <= side ? joined[..(seam.Before + end)] : span[..end]);
                if (length > 0)
                {
                    return Decide(position + end, length);
                }
            }

            seam.Pass(span);
            position += span.Length;
        }

        return FrameDecision.NeedMore();
    }

    /// <summary>Returns the next position at which a delimiter could end, or 0 when there is none.</summary>
    private int NextCandidate(ReadOnlySpan<byte> bytes, int searched)
    {
        int index = bytes[searched..].IndexOfAny(delimiters.LastBytes);
        return index < 0 ? 0 : searched + index + 1;
    }

    private FrameDecision Decide(long end, int length) => include ? FrameDecision.Frame(0, end) : FrameDecision.Frame(0, end - length, length);
}
