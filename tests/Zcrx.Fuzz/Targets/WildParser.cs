using System.Buffers;
using Zcrx.Rx;

namespace Zcrx.Fuzz.Targets;

/// <summary>
/// Represents the parser of an application that takes its decisions from the bytes. It returns frames of any length, requests any number of
/// bytes, or throws.
/// </summary>
internal sealed class WildParser : IFrameParser
{
    public int MaxOverhead => 4;

    public FrameDecision Parse(in ReadOnlySequence<byte> buffered, long seen)
    {
        SequenceReader<byte> reader = new(buffered);
        reader.TryRead(out byte kind);
        reader.TryRead(out byte first);
        reader.TryRead(out byte second);
        return (kind % 8) switch
        {
            0 => FrameDecision.NeedMore(first),
            1 => FrameDecision.NeedMore(long.MaxValue - first),
            2 => FrameDecision.Frame(first, second, kind),
            3 => FrameDecision.Frame(int.MaxValue, long.MaxValue - second, int.MaxValue),
            4 => FrameDecision.Frame(0, 0),
            5 => FrameDecision.Error("the bytes say so"),
            6 => throw new InvalidOperationException("The bytes say so."),
            _ => FrameDecision.Frame(1, first % 32, second % 4),
        };
    }
}
