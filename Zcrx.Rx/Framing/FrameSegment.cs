using System.Buffers;
using Zcrx.Interop.Leases;

namespace Zcrx.Rx.Framing;

/// <summary>Represents a piece of an incomplete frame: a leased buffer, the lent buffer, or bytes copied into an array.</summary>
internal sealed class FrameSegment : ReadOnlySequenceSegment<byte>
{
    /// <summary>Gets or sets the ledger of the leased buffer, or null.</summary>
    /// <remarks>A connection may move to another queue inside a frame, so each piece has its own ledger.</remarks>
    public BufferLedger? Ledger { get; set; }

    public int Slot { get; set; }

    /// <summary>Gets or sets the rented array of a copy. <c>Memory</c> is the used part of it.</summary>
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
