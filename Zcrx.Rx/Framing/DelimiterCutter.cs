using System.Buffers;
using System.Runtime.CompilerServices;

namespace Zcrx.Rx.Framing;

/// <summary>Frames that end with certain bytes.</summary>
internal readonly struct DelimiterCutter(byte[] delimiter, bool include) : IFrameCutter
{
    public int Overhead => include ? 0 : delimiter.Length;

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
        // The bytes around a seam: the last ones of what came before and the first ones of what follows. Any match in there straddles the
        // seam, since neither side is as long as the delimiter; matches that do not straddle are found by the vectorized search.
        int side = delimiter.Length - 1;
        Span<byte> seam = stackalloc byte[2 * (Delimiter.MaxLength - 1)];
        int before = 0;
        long position = 0;
        foreach (ReadOnlyMemory<byte> memory in bytes)
        {
            ReadOnlySpan<byte> span = memory.Span;
            int after = Math.Min(side, span.Length);
            span[..after].CopyTo(seam[before..]);
            int index = before == 0 ? -1 : seam[..(before + after)].IndexOf(delimiter);
            if (index >= 0)
            {
                return position - before + index;
            }

            index = span.IndexOf(delimiter);
            if (index >= 0)
            {
                return position + index;
            }

            if (span.Length >= side)
            {
                span[(span.Length - side)..].CopyTo(seam);
                before = side;
            }
            else
            {
                int excess = Math.Max(0, before + after - side);
                seam[excess..(before + after)].CopyTo(seam);
                before = before + after - excess;
            }

            position += span.Length;
        }

        return -1;
    }
}
