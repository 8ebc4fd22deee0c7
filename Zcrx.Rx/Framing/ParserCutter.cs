using System.Buffers;

namespace Zcrx.Rx.Framing;

/// <summary>Finds frames with a parser of the application.</summary>
internal readonly struct ParserCutter(IFrameParser parser, int overhead) : IFrameCutter
{
    public int Overhead => overhead;

    public int LongestDelimiter => 0;

    public FrameDecision Cut(ReadOnlySpan<byte> span, ReadOnlyMemory<byte> memory, int position) =>
        Cut(new ReadOnlySequence<byte>(memory[position..]), 0);

    public FrameDecision Cut(in ReadOnlySequence<byte> held, long seen)
    {
        try
        {
            return parser.Parse(in held, seen);
        }
#pragma warning disable CA1031 // An exception of the application's parser ends only the stream that it parses.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return FrameDecision.Thrown(exception);
        }
    }

    public FrameDecision CutEnd(in ReadOnlySequence<byte> rest)
    {
        try
        {
            return parser.ParseEnd(in rest);
        }
#pragma warning disable CA1031 // As in Cut.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return FrameDecision.Thrown(exception);
        }
    }
}
