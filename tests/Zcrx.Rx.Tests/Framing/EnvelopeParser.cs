using System.Buffers;

namespace Zcrx.Rx.Tests.Framing;

/// <summary>Parses envelopes. An envelope is a start byte, two bytes of length, the frame and an end byte.</summary>
/// <param name="greed">The number of bytes that the parser requests first. It may be more than the three bytes that it needs.</param>
internal sealed class EnvelopeParser(int greed) : IFrameParser
{
    public const byte Start = 0x02;
    public const byte End = 0x03;

    public int MaxOverhead => 4;

    public FrameDecision Parse(in ReadOnlySequence<byte> buffered, long seen)
    {
        Assert.InRange(seen, 0, buffered.Length - 1);

        // Requests more bytes than it needs at first. Several frames may then be buffered at its decision.
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
