using System.Buffers;
using System.Runtime.CompilerServices;

namespace Zcrx.Rx.Framing;

/// <summary>Frames that end with certain bytes.</summary>
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

    public FrameDecision Cut(in ReadOnlySequence<byte> held, long seen)
    {
        // What was searched before cannot hold a whole delimiter, but its last bytes can be the beginning of one.
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
        // Neither side of a seam is as long as the delimiter, so that any match in it straddles it. The vectorized search finds all others.
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
