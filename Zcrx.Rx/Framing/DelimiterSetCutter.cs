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
        // Bytes that were searched before are not searched again, except for the last few, in which a delimiter may begin.
        int side = LongestDelimiter - 1;
        long position = Math.Max(0, seen - side);
        Seam seam = new(stackalloc byte[Seam.MaxLength], side);
        foreach (ReadOnlyMemory<byte> memory in held.Slice(position))
        {
            ReadOnlySpan<byte> span = memory.Span;
            ReadOnlySpan<byte> joined = seam.Join(span);
            for (int searched = 0; NextCandidate(span, searched) is var end and > 0; searched = end)
            {
                // A delimiter that began in the previous piece ends within the first LongestDelimiter - 1 bytes of this piece. A delimiter
                // that ends later lies completely in this piece.
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

    /// <summary>Returns the next position at which a delimiter could end; 0 for none.</summary>
    private int NextCandidate(ReadOnlySpan<byte> bytes, int searched)
    {
        int index = bytes[searched..].IndexOfAny(delimiters.LastBytes);
        return index < 0 ? 0 : searched + index + 1;
    }

    private FrameDecision Decide(long end, int length) => include ? FrameDecision.Frame(0, end) : FrameDecision.Frame(0, end - length, length);
}
