using System.Buffers;
using Zcrx.Interop.Leases;

namespace Zcrx.Rx.Framing;

/// <summary>A piece of an incomplete frame: a buffer that is kept, the one that is lent right now, or bytes copied into an array.</summary>
internal sealed class FrameSegment : ReadOnlySequenceSegment<byte>
{
    /// <summary>Whose buffer it is, when one is kept. A connection may move to another queue inside a frame, so each piece has its own.</summary>
    public BufferLedger? Ledger { get; set; }

    public int Slot { get; set; }

    /// <summary>The rented array, when it is a copy; <c>Memory</c> is the used part of it.</summary>
    public byte[]? Array { get; set; }

    public int Length => Memory.Length;

    public FrameSegment? Following
    {
        get => (FrameSegment?)Next;
        set => Next = value;
    }

    public void Set(ReadOnlyMemory<byte> memory, long runningIndex)
    {
        Memory = memory;
        RunningIndex = runningIndex;
    }
}
