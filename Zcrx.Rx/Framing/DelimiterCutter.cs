using System.Buffers;
using System.Runtime.CompilerServices;

namespace Zcrx.Rx.Framing;

/// <summary>Finds frames that end with one delimiter.</summary>
internal readonly struct DelimiterCutter(byte[] delimiter, bool include) : IFrameCutter
{
    public int Overhead => include ? 0 : delimiter.Length;

    public int LongestDelimiter => delimiter.Length;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public FrameDecision Cut(ReadOnlySpan<byte> span, ReadOnlyMemory<byte> memory, int position)
    {
        ReadOnlySpan<byte> bytes = span[position..];
        return Decide(delimiter.Length == 1 ? bytes.IndexOf(delimiter[0]) : bytes.IndexOf(delimiter));
    }

    public FrameDecision CutEnd(in ReadOnlySequence<byte> rest) => FrameDecision.NeedMore();

    public FrameDecision Cut(in ReadOnlySequence<byte> held, long seen)
    {
        // Bytes that were searched before are not searched again, except for the last few, in which a delimiter may begin.
        long from = Math.Max(0, seen - (delimiter.Length - 1));
        long index = IndexOf(held.Slice(from));
        return Decide(index < 0 ? index : index + from);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private FrameDecision Decide(long index)
    {
        if (index < 0)
        {
            return FrameDecision.NeedMore();
        }

        return include ? FrameDecision.Frame(0, index + delimiter.Length) : FrameDecision.Frame(0, index, delimiter.Length);
    }

    private long IndexOf(in ReadOnlySequence<byte> bytes)
    {
        // A delimiter may straddle the seam (the boundary) between two pieces. Bytes from both sides of the seam are joined. Each side
        // has fewer bytes than a delimiter, so a match in the joined bytes straddles the seam. All other matches lie inside one piece.
        Seam seam = new(stackalloc byte[Seam.MaxLength], delimiter.Length - 1);
        long position = 0;
        foreach (ReadOnlyMemory<byte> memory in bytes)
        {
            ReadOnlySpan<byte> span = memory.Span;
            int index = seam.Before == 0 ? -1 : seam.Join(span).IndexOf(delimiter);
            if (index >= 0)
            {
                return position - seam.Before + index;
            }

            index = span.IndexOf(delimiter);
            if (index >= 0)
            {
                return position + index;
            }

            seam.Pass(span);
            position += span.Length;
        }

        return -1;
    }
}
