using System.Buffers;

namespace Zcrx.Rx.Tests.Framing;

/// <summary>Start, two bytes of length, the frame, end.</summary>
/// <param name="greed">How many bytes it wants to see before it looks at them, though it needs only three.</param>
internal sealed class EnvelopeParser(int greed) : IFrameParser
{
    public const byte Start = 0x02;
    public const byte End = 0x03;

    public int MaxOverhead => 4;

    public FrameDecision Parse(in ReadOnlySequence<byte> buffered, long seen)
    {
        Assert.InRange(seen, 0, buffered.Length - 1);

        // Asks once for more than it needs, so that several frames may be buffered when it decides.
        if (buffered.Length < 3 || (seen == 0 && buffered.Length < greed))
        {
            return FrameDecision.NeedMore(seen == 0 ? Math.Max(3, greed) : 3);
        }

        SequenceReader<byte> reader = new(buffered);
        reader.TryRead(out byte start);
        reader.TryRead(out byte high);
        reader.TryRead(out byte low);
        return start == Start ? FrameDecision.Frame(3, (high << 8) | low, 1) : FrameDecision.Error($"it begins with {start}");
    }
}
